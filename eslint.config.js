import js from '@eslint/js';
import vitest from '@vitest/eslint-plugin';
import tseslint from 'typescript-eslint';

export default tseslint.config(
  { ignores: ['**/node_modules/**', '.data/**', 'coverage/**'] },
  js.configs.recommended,
  {
    files: ['**/*.ts'],
    extends: [tseslint.configs.recommendedTypeChecked],
    languageOptions: {
      parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname },
    },
    rules: {
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': 'error',
      '@typescript-eslint/no-unused-vars': [
        'error',
        { argsIgnorePattern: '^_', ignoreRestSiblings: true },
      ],
      '@typescript-eslint/restrict-template-expressions': [
        'error',
        { allowNumber: true, allowBoolean: true },
      ],
      'no-console': 'error',
      'no-restricted-syntax': [
        'error',
        {
          selector: 'ObjectExpression > SpreadElement > ObjectExpression',
          message: 'Write the properties out: a literal that is spread says nothing of its own.',
        },
      ],
    },
  },
  {
    // Decision 0021. Not in tests, which tell a story from its beginning to its end.
    files: [
      '**/src/**/*.ts',
      'scripts/**/*.ts',
      'chaos/*.ts',
      'chaos/*/*.ts',
      'bench/*.ts',
      'deploy/**/*.ts',
    ],
    ignores: ['**/*.test.ts'],
    rules: { 'max-statements': ['error', 25] },
  },
  {
    // A service talks to another one through events, never through its code.
    files: ['services/*/src/**/*.ts'],
    rules: {
      'no-restricted-imports': [
        'error',
        {
          patterns: [
            {
              group: [
                '@leadwire/landing-api*',
                '@leadwire/notifier*',
                '@leadwire/crm-sync*',
                '@leadwire/telegram-relay*',
                '@leadwire/lead-store*',
                '@leadwire/mailer-batch*',
                '@leadwire/referrals*',
                '@leadwire/identity-sync*',
                '@leadwire/console*',
                '@leadwire/sandbox*',
                '@leadwire/testing*',
                '@leadwire/supabase-local*',
              ],
              message: 'Services meet in events; what two of them need lives in packages/shared.',
            },
          ],
        },
      ],
    },
  },
  {
    // Scripts talk to a person at a terminal.
    files: ['scripts/**', 'deploy/**', 'bench/**', 'chaos/**'],
    languageOptions: {
      globals: Object.fromEntries(
        ['process', 'console', 'fetch', 'URL', 'AbortSignal', 'AbortController']
          .concat(['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval'])
          .map((name) => [name, 'readonly']),
      ),
    },
    rules: { 'no-console': 'off' },
  },
  // Programs to be read and copied: what they print is all they do.
  { files: ['docs/examples/*.ts'], rules: { 'no-console': 'off' } },
  {
    // Run by browsers.
    files: ['services/console/assets/*.js'],
    languageOptions: {
      globals: Object.fromEntries(
        ['document', 'location', 'fetch', 'DOMParser', 'EventSource', 'setTimeout', 'clearTimeout']
          .concat(['getComputedStyle'])
          .map((name) => [name, 'readonly']),
      ),
    },
  },
  {
    files: ['**/*.test.ts'],
    extends: [vitest.configs.recommended],
    languageOptions: { globals: {} },
    rules: {
      'vitest/expect-expect': ['error', { assertFunctionNames: ['expect', 'waitFor', 'expect*'] }],
      // Vitest says of \`expect.any(String)\` and the like that they are of every type.
      '@typescript-eslint/no-unsafe-assignment': 'off',
    },
  },
);
