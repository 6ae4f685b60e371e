import { type ApiError, errorInfo, help, type Service, type Status } from './api-error.ts';

const consoleProject = 'See https://developers.google.com/identity/sign-in/web/devconsole-project.';
const invalidCredentials = `Request had invalid authentication credentials. Expected OAuth 2 access token, login cookie or other valid authentication credential. ${consoleProject}`;
const generativeLanguage = { service: 'generativelanguage.googleapis.com' };

export const invalidKey: ApiError = {
  ...plain(400, 'INVALID_ARGUMENT', 'API key not valid. Please pass a valid API key.'),
  details: [errorInfo('API_KEY_INVALID', 'googleapis.com', generativeLanguage)],
};
export const expiredKey: ApiError = {
  ...plain(400, 'INVALID_ARGUMENT', 'API key expired. Please renew the API key.'),
  details: [errorInfo('API_KEY_INVALID', 'googleapis.com', generativeLanguage)],
};
export const missingKey = plain(
  403,
  'PERMISSION_DENIED',
  "Method doesn't allow unregistered callers (callers without established identity). Please use API Key or other form of API consumer identity to call this API.",
);

export const permissionDenied = plain(403, 'PERMISSION_DENIED', 'The caller does not have permission');
export const validationRequired: ApiError = {
  ...plain(403, 'PERMISSION_DENIED', 'Verify your account to continue.'),
  details: [
    errorInfo('VALIDATION_REQUIRED', 'cloudcode-pa.googleapis.com', {
      validation_link: 'https://accounts.google.com/signin/continue',
    }),
    help('Verify your account', 'https://accounts.google.com/signin/continue'),
  ],
};

export const unavailable = plain(503, 'UNAVAILABLE', 'The model is overloaded. Please try again later.');
export const internalError = plain(
  500,
  'INTERNAL',
  'An internal error has occurred. Please retry or report in https://developers.generativeai.google/guide/troubleshooting',
);
export const deadlineExceeded = plain(504, 'DEADLINE_EXCEEDED', 'Deadline expired before operation could complete.');
export const locationNotSupported = plain(
  400,
  'FAILED_PRECONDITION',
  'User location is not supported for the API use.',
);
export const corruptedSignature = plain(400, 'INVALID_ARGUMENT', 'Corrupted thought signature.');

export function invalidArgument(message: string): ApiError {
  return plain(400, 'INVALID_ARGUMENT', message);
}

export function expiredToken(service: Service): ApiError {
  return unauthenticated('ACCESS_TOKEN_EXPIRED', invalidCredentials, service);
}

export function unknownToken(service: Service): ApiError {
  return unauthenticated('ACCESS_TOKEN_TYPE_UNSUPPORTED', invalidCredentials, service);
}

export function missingToken(service: Service): ApiError {
  const message = `Request is missing required authentication credential. Expected OAuth 2 access token, login cookie or other valid authentication credential. ${consoleProject}`;
  return unauthenticated('CREDENTIALS_MISSING', message, service);
}

/** Says that a credential was used for another account's project. */
export function foreignProject(project: string, service: Service): ApiError {
  const metadata = { service: service.name, consumer: `projects/${project}` };
  return {
    ...plain(403, 'PERMISSION_DENIED', `Permission denied on resource project ${project}.`),
    details: [errorInfo('CONSUMER_INVALID', 'googleapis.com', metadata)],
  };
}

export function unknownModel(model: string, version: string): ApiError {
  return plain(
    404,
    'NOT_FOUND',
    `models/${model} is not found for API version ${version}, or is not supported for generateContent.`,
  );
}

export const notFound = plain(404, 'NOT_FOUND', 'Requested entity was not found.');

function unauthenticated(reason: string, message: string, service: Service): ApiError {
  const metadata = { service: service.name, method: service.method };
  return {
    ...plain(401, 'UNAUTHENTICATED', message),
    details: [errorInfo(reason, 'googleapis.com', metadata)],
  };
}

function plain(code: number, status: Status, message: string): ApiError {
  return { code, status, message };
}
