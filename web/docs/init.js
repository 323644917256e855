// Starts Swagger UI on the OpenAPI document that this server serves itself. No request leaves for anywhere else:
// validatorUrl is the one that Swagger UI would make.
"use strict";

const reference = document.getElementById("reference");

SwaggerUIBundle({
  domNode: reference,
  url: new URL(reference.dataset.openapi, document.baseURI).href,
  validatorUrl: null,
  deepLinking: true,
  defaultModelsExpandDepth: 0,
  tryItOutEnabled: true,
  persistAuthorization: false,
});
