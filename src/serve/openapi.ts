import openapi from './openapi.json' with { type: 'json' };

/** The description of the service in OpenAPI 3.1. Tests check every kind of answer against it. */
export const OPENAPI: object = openapi;
