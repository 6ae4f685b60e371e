import { describeTransport } from '../../test/transport-suite.ts';

describeTransport('pipe');
describeTransport('pty');
