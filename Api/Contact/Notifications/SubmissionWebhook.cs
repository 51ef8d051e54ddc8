using System.Text.Json.Nodes;
using Api.Http.OpenApi;
using Microsoft.OpenApi;
using NodaTime;
using Swashbuckle.AspNetCore.SwaggerGen;

namespace Api.Contact.Notifications;

/// <summary>
/// The data of a webhook call about a new message: enough to look it up, and nothing that the sender wrote.
/// </summary>
/// <param name="Id">The reference of the message.</param>
/// <param name="Location">The slug of the location that it is for.</param>
/// <param name="ReceivedAt">When it was received.</param>
public sealed record SubmissionReceived(string Id, string Location, Instant ReceivedAt);

/// <summary>Describes the webhook about a new message in the OpenAPI document.</summary>
sealed class SubmissionWebhook : IDocumentFilter
{
    /// <summary>The type of the event.</summary>
    public const string EventType = "submission.received";

    public void Apply(OpenApiDocument swaggerDoc, DocumentFilterContext context)
    {
        var data = context.SchemaGenerator.GenerateSchema(typeof(SubmissionReceived), context.SchemaRepository);
        var timestamp = context.SchemaGenerator.GenerateSchema(typeof(Instant), context.SchemaRepository);
        var body = new OpenApiSchema
        {
            Type = JsonSchemaType.Object,
            Required = new HashSet<string> { "type", "timestamp", "data" },
            Properties = new Dictionary<string, IOpenApiSchema>
            {
                ["type"] = new OpenApiSchema
                {
                    Type = JsonSchemaType.String,
                    Description = "What has happened.",
                    Enum = [EventType],
                },
                ["timestamp"] = timestamp,
                ["data"] = data,
            },
        };
        var call = new OpenApiOperation
        {
            OperationId = "submissionReceived",
            Summary = "A message was received",
            Description =
                "Sent to each webhook in the server's settings, as Standard Webhooks describe it "
                + "(https://www.standardwebhooks.com), so their libraries verify it. A call can come twice, with the "
                + "same `webhook-id`. A failed call is repeated for three days.",
            RequestBody = new OpenApiRequestBody
            {
                Required = true,
                Content = new Dictionary<string, IOpenApiMediaType>
                {
                    ["application/json"] = new OpenApiMediaType { Schema = body, Example = JsonNode.Parse(Example) },
                },
            },
            Responses = new OpenApiResponses
            {
                ["2XX"] = new OpenApiResponse { Description = "The call has arrived." },
                ["410"] = new OpenApiResponse { Description = "The webhook is gone, and is not called again." },
            },
        };
        call.AddRequestHeader("webhook-id", "Identifies the event.", "019b0d2c-9c50-7b1e-8f3a-2d6c1f0a9b57");
        call.AddRequestHeader("webhook-timestamp", "When the call was made, in seconds since 1970.", "1768230000");
        call.AddRequestHeader(
            "webhook-signature",
            "A signature with each secret of the webhook (`v1,` and HMAC-SHA256 in base64), separated by spaces.",
            "v1,K5oZfzN95Z9UVu1EsfQmfVNQhnkZ2pj9o9NDN/H/pI4="
        );
        swaggerDoc.Webhooks = new Dictionary<string, IOpenApiPathItem>
        {
            [EventType] = new OpenApiPathItem
            {
                Operations = new Dictionary<HttpMethod, OpenApiOperation> { [HttpMethod.Post] = call },
            },
        };
    }

    const string Example = """
        {
          "type": "submission.received",
          "timestamp": "2026-01-12T15:00:00Z",
          "data": { "id": "7K3Q-X9MZ-2TBV", "location": "jonesboro", "receivedAt": "2026-01-12T15:00:00Z" }
        }
        """;
}
