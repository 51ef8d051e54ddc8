using System.Globalization;
using System.Text.Json.Nodes;
using Api.Http.OpenApi;
using Api.Locations;
using Microsoft.Extensions.Options;
using NodaTime.Extensions;

namespace Api.Contact;

/// <summary>Everything a page needs to draw the contact form.</summary>
/// <param name="Language">The language of its texts.</param>
/// <param name="SubmitTo">Where to send the form, a path of this API.</param>
/// <param name="Schema">
/// A JSON Schema (2020-12) of a submission. Its members are in the order of the form, each with a <c>title</c> to show.
/// It has the server's own rules. Only the server checks what a schema cannot express, for example whether a telephone
/// number can be dialled. <c>x-control</c> says how to show a member: as <c>text</c>, <c>email</c>, <c>tel</c>,
/// <c>textarea</c>, <c>checkbox</c>, <c>radio</c> or <c>select</c>. A member with <c>none</c> is for the page and not
/// for people.
/// </param>
/// <param name="Locations">The locations to choose from, sorted by name.</param>
/// <param name="PreferredContacts">The ways to be answered.</param>
/// <param name="Notices">What the clinic tells everybody who writes to it; show it.</param>
/// <param name="Challenge">Whether the sender must solve a challenge.</param>
/// <param name="Honeypot">The name of a field that people must not see. Send its value.</param>
public sealed record ContactForm(
    string Language,
    string SubmitTo,
    JsonObject Schema,
    IReadOnlyList<FormChoice> Locations,
    IReadOnlyList<FormChoice> PreferredContacts,
    Notices Notices,
    FormChallenge Challenge,
    string Honeypot
);

/// <summary>One of the values of a field.</summary>
/// <param name="Value">The value to send.</param>
/// <param name="Label">The text to show.</param>
public sealed record FormChoice(string Value, string Label);

/// <summary>Whether the sender must solve a challenge.</summary>
/// <param name="Mode">Whether messages need a solved challenge.</param>
/// <param name="Url">
/// The address for the <c>altcha</c> web component, a path of this API; <c>null</c> when there are no challenges.
/// </param>
public sealed record FormChallenge(ChallengeMode Mode, string? Url);

/// <summary>Builds the description of the form.</summary>
sealed class ContactFormBuilder(
    OpenApiDocuments documents,
    LocationStore locations,
    IOptions<ContactOptions> options,
    LinkGenerator links,
    TimeProvider time
)
{
    // The members that a person fills in.
    static readonly (string Member, string Label, string Control)[] Fields =
    [
        ("name", "LabelName", "text"),
        ("email", "LabelEmail", "email"),
        ("telephone", "LabelTelephone", "tel"),
        ("preferredContact", "LabelPreferredContact", "radio"),
        ("location", "LabelLocation", "select"),
        ("message", "LabelMessage", "textarea"),
        ("consent", "LabelConsent", "checkbox"),
    ];

    readonly Lazy<Task<string>> schema = new(() => ReadSchemaAsync(documents));

    public async Task<ContactForm> BuildAsync(CultureInfo language, PathString pathBase, CancellationToken ct)
    {
        var choices = await ListLocationsAsync(ct);
        var settings = options.Value;
        var mode = settings.Challenge.Mode;
        var challengeUrl =
            mode == ChallengeMode.Off ? null : links.GetPathByName("getContactChallenge", values: null, pathBase);
        return new ContactForm(
            language.Name,
            links.GetPathByName("createContactSubmission", values: null, pathBase)!,
            await BuildSchemaAsync(language, choices, mode),
            choices,
            [
                new FormChoice("email", ContactText.Texts.In(language, "ByEmail")),
                new FormChoice("telephone", ContactText.Texts.In(language, "ByTelephone")),
            ],
            settings.FindNotices(language),
            new FormChallenge(mode, challengeUrl),
            settings.Honeypot
        );
    }

    async Task<FormChoice[]> ListLocationsAsync(CancellationToken ct)
    {
        var now = time.GetCurrentInstant();
        var all = await locations.ListAsync(ct);
        return
        [
            .. all
                .Values.Where(location => !location.Hours.Schedule.IsPermanentlyClosed(now))
                .Select(location => new FormChoice(location.Slug, location.Location.Name)),
        ];
    }

    async Task<JsonObject> BuildSchemaAsync(CultureInfo language, FormChoice[] choices, ChallengeMode mode)
    {
        var rules = JsonNode.Parse(await schema.Value)!.AsObject();
        var members = rules["properties"]!.AsObject();
        foreach (var (_, rule) in members)
            rule!["x-control"] = "none";
        foreach (var (member, label, control) in Fields)
        {
            members[member]!["title"] = ContactText.Texts.In(language, label);
            members[member]!["x-control"] = control;
        }
        members["email"]!["format"] = "email";
        members["location"]!["enum"] = new JsonArray([.. choices.Select(choice => JsonValue.Create(choice.Value))]);
        if (mode == ChallengeMode.Required)
            rules["required"]!.AsArray().Add("altcha");
        return rules;
    }

    // Schemas of OpenAPI 3.1 are JSON Schema 2020-12, and the document already has this one. References are replaced by
    // what they refer to.
    static async Task<string> ReadSchemaAsync(OpenApiDocuments documents)
    {
        var schemas = JsonNode.Parse(await documents.JsonAsync(PathString.Empty))!["components"]!["schemas"]!;
        var schema = schemas[nameof(ContactSubmission)]!.AsObject();
        var members = schema["properties"]!.AsObject();
        foreach (var (member, rules) in members.ToArray())
        {
            if ((string?)rules!["$ref"] is { } reference)
                members[member] = schemas[reference.Split('/')[^1]]!.DeepClone();
        }
        schema.Insert(0, "$schema", "https://json-schema.org/draft/2020-12/schema");
        // The OpenAPI document says this in words: generators of typed clients do not know if and then.
        schema["allOf"] = new JsonArray(RequirePreferred("email"), RequirePreferred("telephone"));
        return schema.ToJsonString();
    }

    // A sender must give what preferredContact names.
    static JsonNode RequirePreferred(string member) =>
        JsonNode.Parse(
            $$"""
            {
              "if": {
                "properties": { "preferredContact": { "const": "{{member}}" } },
                "required": ["preferredContact"]
              },
              "then": {
                "properties": { "{{member}}": { "type": "string", "pattern": "[^\\s\\u0085]" } },
                "required": ["{{member}}"]
              }
            }
            """
        )!;
}
