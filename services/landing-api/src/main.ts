import { runApp } from '@leadwire/shared/service/app';
import { app } from './app.ts';

await runApp(app);
