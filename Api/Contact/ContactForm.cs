using System.Globalization;
using System.Text.Json.Nodes;
using Api.Http.OpenApi;
using Microsoft.Extensions.Options;
using NodaTime.Extensions;

namespace Api.Contact;

/// <summary>All that is needed to draw the contact form.</summary>
/// <param name="Language">The language of its texts.</param>
/// <param name="SubmitTo">Where to send the form, a path of this API.</param>
/// <param name="Schema">
/// What can be sent, as a JSON Schema (2020-12), its members in the order of the form and each with a <c>title</c> to show. Made
/// of the rules that the server checks by. What no schema can say, whether a telephone number can be dialled for one, only the
/// server checks.
/// </param>
/// <param name="Locations">The locations to choose from, by their names.</param>
/// <param name="PreferredContacts">The ways to be answered.</param>
/// <param name="Notices">What the clinic tells everybody who writes to it; to be shown.</param>
/// <param name="Challenge">Whether it must be proved that no program sends the form.</param>
/// <param name="Honeypot">The name of a field that people must not see; whatever is in it is to be sent.</param>
public sealed record ContactForm(
    string Language,
    string SubmitTo,
    JsonObject Schema,
    IReadOnlyList<FormChoice> Locations,
    IReadOnlyList<FormChoice> PreferredContacts,
    Notices Notices,
    FormChallenge Challenge,
    string Honeypot);

/// <summary>One of the values that a field can have.</summary>
/// <param name="Value">What is sent.</param>
/// <param name="Label">What is shown.</param>
public sealed record FormChoice(string Value, string Label);

/// <summary>Whether a challenge must be solved.</summary>
/// <param name="Mode">Whether it must.</param>
/// <param name="Url">Where to get one, a path of this API, for the <c>altcha</c> web component; <c>null</c> when there are none.</param>
public sealed record FormChallenge(ChallengeMode Mode, string? Url);

/// <summary>Makes the description of the form.</summary>
sealed class ContactFormBuilder(
    OpenApiDocuments documents, ContactLocations locations, IOptions<ContactOptions> options, ChallengeOptions challenge, LinkGenerator links, TimeProvider time)
{
    readonly Lazy<Task<string>> schema = new(() => SchemaAsync(documents));

    public async Task<ContactForm> BuildAsync(CultureInfo language, PathString pathBase, CancellationToken ct)
    {
        CultureInfo.CurrentUICulture = language;
        var now = time.GetCurrentInstant();
        FormChoice[] choices =
        [
            .. (await locations.GetAsync(ct)).Values
                .Where(location => !location.Schedule.IsClosedForGood(now))
                .Select(location => new FormChoice(location.Slug, location.Name)),
        ];

        var rules = JsonNode.Parse(await schema.Value)!.AsObject();
        var members = rules["properties"]!.AsObject();
        foreach (var (member, label) in Labels) members[member]!["title"] = ContactText.Get(label);
        members["location"]!["enum"] = new JsonArray([.. choices.Select(choice => JsonValue.Create(choice.Value))]);
        var mode = challenge.Mode;
        if (mode == ChallengeMode.Required) rules["required"]!.AsArray().Add("altcha");

        return new ContactForm(
            language.Name, links.GetPathByName("createContactSubmission", values: null, pathBase)!, rules, choices,
            [new FormChoice("email", ContactText.Get("ByEmail")), new FormChoice("telephone", ContactText.Get("ByTelephone"))],
            options.Value.NoticesIn(language),
            new FormChallenge(mode, mode == ChallengeMode.Off ? null : links.GetPathByName("getContactChallenge", values: null, pathBase)),
            options.Value.Honeypot);
    }

    // Those that a person fills in.
    static readonly (string Member, string Label)[] Labels =
    [
        ("name", "LabelName"), ("email", "LabelEmail"), ("telephone", "LabelTelephone"), ("preferredContact", "LabelPreferredContact"),
        ("location", "LabelLocation"), ("message", "LabelMessage"), ("consent", "LabelConsent"),
    ];

    // The schemas of OpenAPI 3.1 are JSON Schema 2020-12, and the document has this one already. What it refers to is put in its place.
    static async Task<string> SchemaAsync(OpenApiDocuments documents)
    {
        var schemas = JsonNode.Parse(await documents.JsonAsync(PathString.Empty))!["components"]!["schemas"]!;
        var schema = schemas[nameof(ContactSubmission)]!.AsObject();
        foreach (var (member, rules) in schema["properties"]!.AsObject().ToArray())
        {
            if ((string?)rules!["$ref"] is { } reference) schema["properties"]![member] = schemas[reference.Split('/')[^1]]!.DeepClone();
        }
        schema.Insert(0, "$schema", "https://json-schema.org/draft/2020-12/schema");
        return schema.ToJsonString();
    }
}
