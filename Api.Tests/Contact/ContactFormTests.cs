using System.Net;
using System.Text.Json;
using System.Text.Json.Nodes;
using Json.Schema;
using static Api.Tests.Contact.Submissions;

namespace Api.Tests.Contact;

public sealed class ContactFormTests(ApiFactory api) : IClassFixture<ApiFactory>
{
    async Task<JsonNode> FormAsync(string query = "") => await api.GetAsync($"/v1/contact-form{query}");

    [Fact]
    public async Task The_form_has_everything_that_a_page_needs_to_draw_it()
    {
        var form = await FormAsync();
        Assert.Equal("/v1/contact-submissions", (string?)form["submitTo"]);
        Assert.Equal("website", (string?)form["honeypot"]);
        JsonAssert.Equal(
            """[{ "value": "ash-flat", "label": "Ash Flat" }, { "value": "jonesboro", "label": "Jonesboro" }, { "value": "paragould", "label": "Paragould" }]""",
            form["locations"]
        );
        JsonAssert.Equal(
            """[{ "value": "email", "label": "By e-mail" }, { "value": "telephone", "label": "By telephone" }]""",
            form["preferredContacts"]
        );
        JsonAssert.Equal("""{ "mode": "off", "url": null }""", form["challenge"]);
        var schema = form["schema"]!;
        Assert.Equal("https://json-schema.org/draft/2020-12/schema", (string?)schema["$schema"]);
        Assert.Equal(
            [
                "name text",
                "email email",
                "telephone tel",
                "preferredContact radio",
                "location select",
                "message textarea",
                "consent checkbox",
                "secondsToFill none",
                "altcha none",
                "website none",
            ],
            schema["properties"]!.AsObject().Select(member => $"{member.Key} {member.Value!["x-control"]}")
        );
        Assert.Equal("Your message", (string?)schema["properties"]!["message"]!["title"]);
        Assert.Equal(5000, (int?)schema["properties"]!["message"]!["maxLength"]);
        JsonAssert.Equal("""["ash-flat", "jonesboro", "paragould"]""", schema["properties"]!["location"]!["enum"]);
        Assert.DoesNotContain("$ref", schema.ToJsonString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Its_texts_are_in_the_visitors_language()
    {
        using var response = await api.SendAsync(HttpMethod.Get, "/v1/contact-form", ("Accept-Language", "es-MX"));
        Assert.Equal("es", response.Content.Headers.ContentLanguage.Single());
        var form = JsonNode.Parse(await response.Content.ReadAsStringAsync())!;
        Assert.Equal("Su mensaje", (string?)form["schema"]!["properties"]!["message"]!["title"]);
        Assert.Equal("Por teléfono", (string?)form["preferredContacts"]![1]!["label"]);
        Assert.Contains("emergencias", (string?)form["notices"]!["emergency"], StringComparison.Ordinal);
        JsonAssert.Equal(form.ToJsonString(), await FormAsync("?in=es"));
        await api.GetAsync("/v1/contact-form?in=fr", 422);
    }

    [Fact]
    public async Task A_permanently_closed_location_is_neither_offered_nor_accepted()
    {
        await using var closing = await ApiFactory.StartAsync();
        await closing.ExecuteAsync("UPDATE locations SET closed_for_good_on = '2026-07-01' WHERE slug = 'paragould'");
        Assert.DoesNotContain(
            "paragould",
            (await closing.GetAsync("/v1/contact-form"))["schema"]!.ToJsonString(),
            StringComparison.Ordinal
        );
        using var response = await closing.SubmitAsync(Valid(("location", "paragould")));
        await JsonAssert.ProblemAsync(
            response,
            422,
            "invalid",
            errors: """[{ "pointer": "#/location", "detail": "This location is permanently closed: choose another." }]"""
        );

        // One that closes tomorrow is still open today.
        await closing.ExecuteAsync("UPDATE locations SET closed_for_good_on = '2026-07-02' WHERE slug = 'ash-flat'");
        await closing.ReceivedAsync(Valid(("location", "ash-flat")));
        await closing.AdvanceAsync(TimeSpan.FromHours(24));
        using var later = await closing.SubmitAsync(Valid(("location", "ash-flat")));
        Assert.Equal(HttpStatusCode.UnprocessableEntity, later.StatusCode);
        Assert.Single((await closing.GetAsync("/v1/contact-form"))["locations"]!.AsArray());
    }

    /// <summary>
    /// Bodies as clients send and mis-send them, some thousands, checked by an independent validator with the form's
    /// schema and by the server. What the one refuses the other must refuse; only of a telephone number the server
    /// knows more.
    /// </summary>
    [Theory]
    [InlineData(1), InlineData(2), InlineData(3), InlineData(4)]
    [AnyEngine]
    public async Task An_independent_validator_with_the_schema_agrees_with_the_server(int seed)
    {
        var schema = JsonSchema.FromText((await FormAsync())["schema"]!.ToJsonString());
        var random = new Random(seed);
        var (accepted, refused) = (0, 0);
        for (var i = 0; i < 1000; i++)
        {
            var body = Bodies.Next(random);
            using var document = JsonDocument.Parse(body.ToJsonString());
            var verdict = schema.Evaluate(
                document.RootElement,
                new EvaluationOptions { OutputFormat = OutputFormat.List }
            );
            var allowed = verdict.IsValid;
            using var response = await api.SubmitAsync(body);
            var problem =
                response.StatusCode == HttpStatusCode.Created ? null : await response.Content.ReadAsStringAsync();
            Assert.True(response.StatusCode is HttpStatusCode.Created or HttpStatusCode.UnprocessableEntity, problem);
            if (problem is null)
                accepted++;
            else
                refused++;

            var pointers = problem is null
                ? []
                : JsonNode.Parse(problem)!["errors"]!
                    .AsArray()
                    .Select(error => (string)error!["pointer"]!)
                    .Distinct()
                    .ToArray();
            var onlyTheServerKnows =
                pointers is ["#/telephone"] && problem!.Contains("can be dialled", StringComparison.Ordinal);
            Assert.True(
                allowed == (problem is null) || (allowed && onlyTheServerKnows),
                $"The schema {(allowed ? "allows" : $"refuses ({Faults(verdict)})")}, and the server says {problem ?? "201"}: {body.ToJsonString()}"
            );
        }
        // Both kinds are there in numbers, or nothing was compared.
        Assert.True(accepted > 100 && refused > 100, $"{accepted} accepted, {refused} refused");
    }

    static string Faults(EvaluationResults results) =>
        string.Join(
            "; ",
            (results.Details ?? [])
                .Where(detail => detail.Errors is not null)
                .Select(detail =>
                    $"{detail.InstanceLocation}: {string.Join(", ", detail.Errors!.Select(error => $"{error.Key} {error.Value}"[..Math.Min(80, error.Key.Length + error.Value.Length)]))}"
                )
        );

    static class Bodies
    {
        // Mostly what is right, or hardly any body would be right as a whole.
        static readonly Dictionary<string, (string[] Right, string[] Any)> Values = new()
        {
            ["name"] = (
                [
                    "\"Test Sender\"",
                    "\"李小龍\"",
                    "\"  Padded  \"",
                    "\"\\tTab around\\n\"",
                    Text('é', 100),
                    Text("😀", 100),
                ],
                [
                    "\"\"",
                    "\"   \"",
                    "null",
                    "5",
                    "[]",
                    "\"a\\nb\"",
                    "\"a\\u0000b\"",
                    "\"a\\u009fb\"",
                    "\"\\u0085\"",
                    Text('x', 101),
                    Text("😀", 101),
                    "\"a\\tb\"",
                    "\"a\\u000bb\"",
                ]
            ),
            ["email"] = (
                [
                    "\"a@example.com\"",
                    "\" a@example.com \"",
                    "\"a@b\"",
                    "\"a.b+c@sub.example.com\"",
                    "\"!#$%&'*+/=?^_`{|}~-@example.com\"",
                ],
                [
                    "\"\"",
                    "\" \\n \"",
                    "null",
                    "\"a\"",
                    "\"a@\"",
                    "\"@example.com\"",
                    "\"a b@example.com\"",
                    "\"a@-example.com\"",
                    "\"a@example-.com\"",
                    "\"a@example..com\"",
                    "true",
                    "\"ü@example.com\"",
                    "\"a@exämple.com\"",
                    "\"a@b@c\"",
                    Text('a', 260),
                    "\"" + new string('a', 242) + "@example.com\"",
                    "\"" + new string('a', 243) + "@example.com\"",
                    "\"a@" + new string('b', 64) + ".com\"",
                ]
            ),
            ["telephone"] = (
                [
                    "\"+1 870 555 0100\"",
                    "\"(870) 555-0100\"",
                    "\" 8705550100 \"",
                    "\"1-800-FLOWERS\"",
                    "\"870 555 0100 x5\"",
                ],
                [
                    "\"\"",
                    "\"  \"",
                    "null",
                    "\"555\"",
                    "\"call me\"",
                    "\"+999 123\"",
                    Text('1', 41),
                    Text('1', 40),
                    "8705550100",
                    "{}",
                ]
            ),
            ["preferredContact"] = (["\"email\"", "\"telephone\""], ["null", "\"pigeon\"", "0", "\"\""]),
            ["location"] = (["\"jonesboro\"", "\"ash-flat\""], ["null", "\"\"", "\"nowhere\"", "\"JONESBORO\"", "3"]),
            ["message"] = (
                ["\"Hello.\"", "\"a\\nb\\tc\\r\\nd\"", "\"\\u2028a\\fb\\u0085c\"", Text('x', 5000), Text("😀", 5000)],
                [
                    "\"\"",
                    "\"\\n\"",
                    "null",
                    "\"a\\u0007b\"",
                    "\"a\\u001bb\"",
                    "\"a\\u0080b\"",
                    Text('x', 5001),
                    Text("😀", 5001),
                    "[\"a\"]",
                ]
            ),
            ["consent"] = (["true"], ["false", "null", "\"true\"", "1"]),
            ["secondsToFill"] = (["12.5", "0", "1e3", "null"], ["-1", "\"5\"", "-0.001"]),
            ["altcha"] = (["null", "\"\"", "\"eyJ9\""], ["5", Text('a', 2001)]),
            ["website"] = (["\"\"", "null", "\"x\""], ["\"\""]),
            ["fax"] = (["null"], ["null", "\"x\""]),
        };

        static string Text(char of, int times) => $"\"{new string(of, times)}\"";

        static string Text(string of, int times) => $"\"{string.Concat(Enumerable.Repeat(of, times))}\"";

        public static JsonNode Next(Random random)
        {
            if (random.Next(50) == 0)
                return random.Next(3) switch
                {
                    0 => new JsonArray(),
                    1 => JsonValue.Create("text"),
                    _ => JsonValue.Create(5),
                };
            var text = new List<string>();
            foreach (var (member, (right, any)) in Values)
            {
                var required = member is "name" or "preferredContact" or "location" or "message" or "consent";
                if (
                    random.Next(
                        required ? 60
                        : member == "fax" ? 1
                        : 3
                    ) == 0
                    && member != "fax"
                )
                    continue;
                if (member == "fax" && random.Next(30) != 0)
                    continue;
                var values = random.Next(14) == 0 ? any : right;
                text.Add($"\"{member}\":{values[random.Next(values.Length)]}");
            }
            return JsonNode.Parse($"{{{string.Join(',', text)}}}")!;
        }
    }
}
