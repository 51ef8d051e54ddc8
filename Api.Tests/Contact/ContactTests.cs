using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;
using Api.Contact;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace Api.Tests.Contact;

public sealed class ContactTests(ApiFactory api) : IClassFixture<ApiFactory>
{
    const string Path = Submissions.Endpoint;

    static JsonObject Valid(params (string Name, JsonNode? Value)[] changes) => Submissions.Valid(changes);

    Task<HttpResponseMessage> PostAsync(JsonNode body) => PostAsync(body.ToJsonString());

    Task<HttpResponseMessage> PostAsync(string body, string type = "application/json") =>
        api.Client.PostAsync(Path, new StringContent(body, Encoding.UTF8, MediaTypeHeaderValue.Parse(type)));

    /// <summary>Sends a message that is taken in, and opens what was sealed of it.</summary>
    async Task<SubmissionContent> StoredAsync(JsonNode body)
    {
        var reference = (string)(await api.ReceivedAsync(body))["reference"]!;
        return (await api.OpenAsync(reference))!;
    }

    async Task BrokenAsync(JsonNode body, string errors)
    {
        var before = await api.CountAsync();
        using var response = await PostAsync(body);
        await JsonAssert.ProblemAsync(response, 422, "invalid", errors: errors);
        Assert.Equal("en", response.Content.Headers.ContentLanguage.Single());
        Assert.Equal(before, await api.CountAsync());
    }

    [Fact]
    public async Task A_message_is_stored_and_acknowledged_with_a_receipt()
    {
        using var response = await PostAsync(Valid());
        Assert.Equal(HttpStatusCode.Created, response.StatusCode);
        Assert.Equal("no-store", response.Headers.CacheControl!.ToString());
        Assert.Equal("application/json", response.Content.Headers.ContentType!.MediaType);
        var receipt = JsonNode.Parse(await response.Content.ReadAsStringAsync())!.AsObject();
        Assert.Equal(
            ["reference", "receivedAt", "location", "replyBy", "afterHours", "notices", "token"],
            receipt.Select(member => member.Key)
        );
        var reference = (string)receipt["reference"]!;
        Assert.Matches("^[0-9A-HJKMNP-TV-Z]{4}-[0-9A-HJKMNP-TV-Z]{4}-[0-9A-HJKMNP-TV-Z]{4}$", reference);
        Assert.Equal("2026-07-01T12:00:00Z", (string?)receipt["receivedAt"]);
        Assert.Equal("jonesboro", (string?)receipt["location"]);
        // It is 7 am there. Eighteen hours of nine a day are this day and the next.
        Assert.True((bool?)receipt["afterHours"]);
        Assert.Equal("2026-07-02T22:00:00Z", (string?)receipt["replyBy"]);
        Assert.Contains("988", (string?)receipt["notices"]!["emergency"], StringComparison.Ordinal);
        Assert.Contains("encrypted", (string?)receipt["notices"]!["privacy"], StringComparison.Ordinal);
        Assert.Equal($"/v1/contact-receipts/{receipt["token"]}", response.Headers.Location!.ToString());

        Assert.Equal(
            new SubmissionContent(
                reference,
                "Test Sender",
                "sender@example.com",
                "+18705550100",
                null,
                PreferredContact.Email,
                "I would like an appointment."
            ),
            await api.OpenAsync(reference)
        );
        Assert.Equal(
            ["2026-07-01T12:00:00.000Z", "2026-07-02T22:00:00.000Z", "yes", "en", null, null, null, "jonesboro"],
            await api.RowAsync(
                """
                SELECT received_at, reply_by, CASE WHEN after_hours THEN 'yes' END, language, quarantined_for,
                       handled_at, fingerprint, slug
                FROM submissions s
                JOIN locations l ON l.id = s.location_id
                WHERE reference = @reference
                """,
                new { reference }
            )
        );
    }

    [Fact]
    public Task Every_broken_rule_is_named_at_once() =>
        BrokenAsync(
            new JsonObject(),
            """
            [
              { "pointer": "#/name", "detail": "Your name is needed." },
              { "pointer": "#/preferredContact", "detail": "Say how you would like to be answered: email or telephone." },
              { "pointer": "#/location", "detail": "Say at which location you would like to be seen." },
              { "pointer": "#/message", "detail": "A message is needed." },
              { "pointer": "#/consent", "detail": "Your consent is needed, or the message cannot be kept." },
              { "pointer": "#/email", "detail": "An e-mail address or a telephone number is needed." }
            ]
            """
        );

    [Fact]
    public Task Members_that_are_unknown_or_of_another_type_are_named_beside_the_broken_rules() =>
        BrokenAsync(
            Valid(
                ("name", 5),
                ("consent", "yes"),
                ("preferredContact", "pigeon"),
                ("message", ""),
                ("na/me~", "x"),
                ("Name", "y")
            ),
            """
            [
              { "pointer": "#/name", "detail": "This must be text." },
              { "pointer": "#/preferredContact", "detail": "This must be one of email, telephone." },
              { "pointer": "#/consent", "detail": "This must be true or false." },
              { "pointer": "#/na~1me~0", "detail": "There is no such member here." },
              { "pointer": "#/Name", "detail": "There is no such member here." },
              { "pointer": "#/message", "detail": "A message is needed." }
            ]
            """
        );

    [Fact]
    public Task A_location_that_does_not_exist_is_named_beside_a_member_that_cannot_be_read() =>
        BrokenAsync(
            Valid(("fax", "1"), ("location", "nowhere")),
            """
            [{ "pointer": "#/fax", "detail": "There is no such member here." }, { "pointer": "#/location", "detail": "There is no such location." }]
            """
        );

    [Theory]
    [InlineData("null"), InlineData("[]"), InlineData("\"text\""), InlineData("5"), InlineData("true")]
    public async Task A_body_that_is_not_an_object_is_refused(string body)
    {
        using var response = await PostAsync(body);
        await JsonAssert.ProblemAsync(
            response,
            422,
            "invalid",
            errors: """[{ "pointer": "#", "detail": "This must be an object." }]"""
        );
    }

    [Theory]
    [
        InlineData("", 1, 1),
        InlineData("{", 1, 2),
        InlineData("{\n  \"name\": x }", 2, 11),
        InlineData("{} {}", 1, 4),
        InlineData("{\"name\":\"a\",}", 1, 13)
    ]
    public async Task A_body_that_is_not_JSON_is_a_400_that_says_where(string body, int line, int at)
    {
        using var response = await PostAsync(body);
        await JsonAssert.ProblemAsync(
            response,
            400,
            "malformed",
            $"The body is not valid JSON: reading stopped at line {line}, byte {at}."
        );
    }

    [Fact]
    public async Task A_member_that_is_there_twice_is_refused()
    {
        using var response = await PostAsync("""{ "name": "a", "name": "b" }""");
        await JsonAssert.ProblemAsync(response, 400, "malformed");
    }

    [Theory]
    [
        InlineData("text/plain"),
        InlineData("application/x-www-form-urlencoded"),
        InlineData("multipart/form-data; boundary=x"),
        InlineData("application/json; charset=utf-16")
    ]
    [InlineData("application/xml")]
    public async Task Another_media_type_is_a_415(string type)
    {
        using var response = await PostAsync(Valid().ToJsonString(), type);
        await JsonAssert.ProblemAsync(
            response,
            415,
            "unsupported-media-type",
            "Send the body as application/json in UTF-8."
        );
    }

    [Fact]
    public async Task Without_a_media_type_it_is_a_415()
    {
        using var response = await api.Client.PostAsync(
            Path,
            new ByteArrayContent(Encoding.UTF8.GetBytes(Valid().ToJsonString()))
        );
        await JsonAssert.ProblemAsync(response, 415, "unsupported-media-type");
    }

    [Theory]
    [InlineData(false), InlineData(true)]
    public async Task A_body_over_64_KiB_is_a_413_with_or_without_a_content_length(bool chunked)
    {
        var request = new HttpRequestMessage(HttpMethod.Post, Path)
        {
            Content = new StringContent(
                Valid(("message", new string('x', 70_000))).ToJsonString(),
                Encoding.UTF8,
                "application/json"
            ),
        };
        request.Headers.TransferEncodingChunked = chunked;
        request.Headers.ExpectContinue = true;
        using var response = await api.Client.SendAsync(request);
        await JsonAssert.ProblemAsync(response, 413, "too-large", "The body is larger than 64 KiB.");
    }

    [Fact]
    public async Task White_space_is_trimmed_Unicode_is_normalised_and_line_breaks_become_line_feeds()
    {
        var stored = await StoredAsync(
            Valid(
                ("name", "  Zoe\u0308 \u00a0"),
                ("message", "\n a\r\nb\rc \t"),
                ("email", " sender@example.com "),
                ("telephone", "   ")
            )
        );
        Assert.Equal(
            ("Zoë", "a\nb\nc", "sender@example.com", null),
            (stored.Name, stored.Message, stored.Email, stored.Telephone)
        );
    }

    [Theory]
    [
        InlineData("Ana María Núñez-O'Brien"),
        InlineData("李小龍"),
        InlineData("محمد بن سلمى"),
        InlineData("Владимир"),
        InlineData("नरेन्द्र"),
        InlineData("X Æ A-12"),
        InlineData("👩‍👩‍👧‍👦")
    ]
    [InlineData("O"), InlineData("Robert'); DROP TABLE submissions;--"), InlineData("<b>Bold</b>")]
    public async Task A_name_in_any_script_is_a_name(string name) =>
        Assert.Equal(name.Normalize(), (await StoredAsync(Valid(("name", name)))).Name);

    [Theory]
    [
        InlineData("(870) 555-0100", "+18705550100", null),
        InlineData("870.555.0100 ext. 12", "+18705550100", "12"),
        InlineData("+44 20 7946 0958", "+442079460958", null)
    ]
    [
        InlineData("tel:+1-870-555-0100;ext=5", "+18705550100", "5"),
        InlineData("٨٧٠٥٥٥٠١٠٠", "+18705550100", null),
        InlineData("1-870-555-0100", "+18705550100", null)
    ]
    public async Task A_telephone_number_is_read_as_people_write_it_and_stored_in_E164(
        string telephone,
        string e164,
        string? extension
    )
    {
        var stored = await StoredAsync(Valid(("telephone", telephone)));
        Assert.Equal((e164, extension), (stored.Telephone, stored.Extension));
    }

    [Fact]
    public async Task A_telephone_number_is_read_in_the_region_of_the_clinic()
    {
        await using var british = await ApiFactory.StartAsync(factory =>
            factory.Settings.Add("--Contact:TelephoneRegion=GB")
        );
        using var response = await british.Client.PostAsync(
            Path,
            new StringContent(Valid(("telephone", "020 7946 0958")).ToJsonString(), Encoding.UTF8, "application/json")
        );
        var reference = (string)JsonNode.Parse(await response.Content.ReadAsStringAsync())!["reference"]!;
        Assert.Equal("+442079460958", (await british.OpenAsync(reference))!.Telephone);
    }

    [Theory]
    [InlineData("name", "a\u0000b", "The name must not have control characters or line breaks.")]
    [InlineData("name", "a\nb", "The name must not have control characters or line breaks.")]
    [InlineData("name", "a\u009fb", "The name must not have control characters or line breaks.")]
    [InlineData("message", "a\u0000b", "The message must not have control characters.")]
    [InlineData("message", "a\u001bb", "The message must not have control characters.")]
    [InlineData("location", "nowhere", "There is no such location.")]
    [InlineData("location", "JONESBORO", "There is no such location.")]
    [InlineData("location", "jonesboro' OR 1=1 --", "There is no such location.")]
    [InlineData("email", "no-at-sign", "This is not an e-mail address.")]
    [InlineData("email", "a@b@example.com", "This is not an e-mail address.")]
    [InlineData("email", "a@example.com\nBcc: x@example.com", "This is not an e-mail address.")]
    [InlineData("email", "a@-example.com", "This is not an e-mail address.")]
    [InlineData(
        "telephone",
        "555",
        "This is not a telephone number that can be dialled: give it with its area code, or with + and its country code."
    )]
    [InlineData(
        "telephone",
        "call me",
        "This is not a telephone number that can be dialled: give it with its area code, or with + and its country code."
    )]
    [InlineData(
        "telephone",
        "1234567890123456",
        "This is not a telephone number that can be dialled: give it with its area code, or with + and its country code."
    )]
    public Task A_broken_rule_is_named(string member, string value, string detail) =>
        BrokenAsync(
            Valid((member, value)),
            $$"""[{ "pointer": "#/{{member}}", "detail": {{JsonValue.Create(detail).ToJsonString()}} }]"""
        );

    [Fact]
    public async Task Half_a_surrogate_pair_is_refused()
    {
        using var response = await PostAsync(
            Valid().ToJsonString().Replace("Test Sender", "\\ud83d", StringComparison.Ordinal)
        );
        await JsonAssert.ProblemAsync(
            response,
            422,
            "invalid",
            errors: """[{ "pointer": "#/name", "detail": "This must be text." }]"""
        );
    }

    [Fact]
    public Task Consent_must_be_given() =>
        BrokenAsync(
            Valid(("consent", false)),
            """[{ "pointer": "#/consent", "detail": "Your consent is needed, or the message cannot be kept." }]"""
        );

    [Fact]
    public async Task The_preferred_way_to_be_answered_must_be_given()
    {
        await BrokenAsync(
            Valid(("email", null)),
            """[{ "pointer": "#/email", "detail": "An e-mail address is needed, since you prefer to be answered by e-mail." }]"""
        );
        await BrokenAsync(
            Valid(("preferredContact", "telephone"), ("telephone", "")),
            """[{ "pointer": "#/telephone", "detail": "A telephone number is needed, since you prefer to be answered by telephone." }]"""
        );
        using var byTelephone = await PostAsync(Valid(("preferredContact", "telephone"), ("email", null)));
        Assert.Equal(HttpStatusCode.Created, byTelephone.StatusCode);
    }

    [Fact]
    public async Task Length_is_counted_in_code_points_as_JSON_Schema_does()
    {
        const string Smile = "😀"; // Two UTF-16 units, one code point
        await StoredAsync(
            Valid(("name", string.Concat(Enumerable.Repeat(Smile, 100))), ("message", new string('é', 5000)))
        );
        await BrokenAsync(
            Valid(("name", string.Concat(Enumerable.Repeat(Smile, 101)))),
            """[{ "pointer": "#/name", "detail": "The name must have at most 100 characters." }]"""
        );
        await BrokenAsync(
            Valid(("message", new string('x', 5001))),
            """[{ "pointer": "#/message", "detail": "The message must have at most 5000 characters." }]"""
        );
        await BrokenAsync(
            Valid(("email", new string('a', 250) + "@example.com")),
            """[{ "pointer": "#/email", "detail": "The e-mail address must have at most 254 characters." }]"""
        );
    }

    [Fact]
    public async Task Broken_rules_are_described_in_Spanish_on_request()
    {
        var request = new HttpRequestMessage(HttpMethod.Post, Path)
        {
            Content = new StringContent(
                Valid(("name", null), ("message", new string('x', 5001)), ("location", "nowhere")).ToJsonString(),
                Encoding.UTF8,
                "application/json"
            ),
            Headers = { { "Accept-Language", "fr, es-MX;q=0.8, en;q=0.5" } },
        };
        using var response = await api.Client.SendAsync(request);
        await JsonAssert.ProblemAsync(
            response,
            422,
            "invalid",
            errors: """
            [
              { "pointer": "#/name", "detail": "Falta su nombre." },
              { "pointer": "#/location", "detail": "Esta sede no existe." },
              { "pointer": "#/message", "detail": "El mensaje puede tener como máximo 5000 caracteres." }
            ]
            """
        );
        Assert.Equal("es", response.Content.Headers.ContentLanguage.Single());
    }

    [Fact]
    public void Both_languages_have_every_text()
    {
        var resources = new System.Resources.ResourceManager(typeof(ContactText));
        string[] Names(string language) =>
            [
                .. resources
                    .GetResourceSet(
                        System.Globalization.CultureInfo.GetCultureInfo(language),
                        createIfNotExists: true,
                        tryParents: language == "en"
                    )!
                    .Cast<System.Collections.DictionaryEntry>()
                    .Select(entry => (string)entry.Key)
                    .Order(),
            ];
        Assert.NotEmpty(Names("en"));
        Assert.Equal(Names("en"), Names("es"));
    }

    [Theory]
    [
        InlineData("MessageMaxLength=0"),
        InlineData("MessageMaxLength=20000"),
        InlineData("TelephoneRegion=Arkansas"),
        InlineData("ReplyWithinOpenHours=-1")
    ]
    [
        InlineData("IdempotencyHours=0"),
        InlineData("MinimumSeconds=100"),
        InlineData("MaximumLinks=-1"),
        InlineData("Honeypot="),
        InlineData("Honeypot=message")
    ]
    public async Task A_wrong_setting_stops_the_start(string setting)
    {
        await using var api = new ApiFactory();
        api.Settings.Add($"--Contact:{setting}");
        var fault = await Assert.ThrowsAsync<OptionsValidationException>(async () => await api.InitializeAsync());
        Assert.StartsWith($"Contact:{setting.Split('=')[0]} is ", fault.Failures.Single(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_settings_decide_the_longest_message()
    {
        await using var brief = await ApiFactory.StartAsync(factory =>
            factory.Settings.Add("--Contact:MessageMaxLength=10")
        );
        using var response = await brief.Client.PostAsync(
            Path,
            new StringContent(Valid(("message", "Eleven char")).ToJsonString(), Encoding.UTF8, "application/json")
        );
        await JsonAssert.ProblemAsync(
            response,
            422,
            "invalid",
            errors: """[{ "pointer": "#/message", "detail": "The message must have at most 10 characters." }]"""
        );
        Assert.Equal(
            10,
            (int?)(await brief.GetAsync("/v1/contact-form"))["schema"]!["properties"]!["message"]!["maxLength"]
        );
    }

    [Fact]
    public async Task Nothing_that_a_sender_wrote_is_logged_or_repeated_in_an_error()
    {
        await using var other = await ApiFactory.StartAsync();
        var body = Valid(
            ("name", "MARKED"),
            ("email", "MARKED@example.com"),
            ("telephone", "MARKED"),
            ("message", "MARKED\u0001"),
            ("MARKED-member", "MARKED")
        );
        using (
            var response = await other.Client.PostAsync(
                Path,
                new StringContent(body.ToJsonString(), Encoding.UTF8, "application/json")
            )
        )
        {
            Assert.Equal(422, (int)response.StatusCode);
            // The name of an unknown member is repeated, as the caller needs it; no value is.
            Assert.DoesNotContain(
                "MARKED",
                (await response.Content.ReadAsStringAsync()).Replace("MARKED-member", "", StringComparison.Ordinal),
                StringComparison.Ordinal
            );
        }
        await other.Client.PostAsync(Path, new StringContent("{\"name\":\"MARKED", Encoding.UTF8, "application/json"));
        await other.ExecuteAsync("ALTER TABLE submissions RENAME TO away");
        using (
            var response = await other.Client.PostAsync(
                Path,
                new StringContent(
                    Valid(("name", "MARKED"), ("message", "MARKED")).ToJsonString(),
                    Encoding.UTF8,
                    "application/json"
                )
            )
        )
        {
            await JsonAssert.ProblemAsync(response, 500, "fault");
            Assert.DoesNotContain(
                Engine.NoTable("submissions"),
                await response.Content.ReadAsStringAsync(),
                StringComparison.Ordinal
            );
        }
        Assert.Contains(Engine.NoTable("submissions"), other.Log.Text, StringComparison.Ordinal);
        Assert.DoesNotContain("MARKED", other.Log.Text, StringComparison.Ordinal);
        Assert.Equal("ContactSubmission", new ContactSubmission { Name = "MARKED" }.ToString());
    }

    [Fact]
    public async Task A_full_queue_is_a_503_with_Retry_After()
    {
        // Room enough for the writes of the outbox at the start, which come whenever they come.
        await using var small = await ApiFactory.StartAsync(factory =>
            factory.Settings.Add("--Database:WriteQueueCapacity=8")
        );
        await using var writes = await small.FillWithWritesAsync();
        using var response = await small.Client.PostAsync(
            Path,
            new StringContent(Valid().ToJsonString(), Encoding.UTF8, "application/json")
        );
        await JsonAssert.ProblemAsync(response, 503, "busy", "Too many writes wait for the disk.");
        Assert.Equal("1", response.Headers.RetryAfter!.ToString());
    }

    [Fact]
    public async Task A_full_disk_is_a_507_that_stores_nothing_and_service_goes_on_once_there_is_room()
    {
        await using var full = await ApiFactory.StartAsync();
        Task<HttpResponseMessage> Post(string message) =>
            full.Client.PostAsync(
                Path,
                new StringContent(Valid(("message", message)).ToJsonString(), Encoding.UTF8, "application/json")
            );

        var limit = await full.FillDiskAsync();
        var stored = 0;
        HttpResponseMessage response;
        while ((response = await Post(new string('x', 4000))).StatusCode == HttpStatusCode.Created)
            stored++;
        await JsonAssert.ProblemAsync(response, 507, "storage-full", "There is no room left to store this.");
        Assert.Equal(stored, await full.CountAsync());
        await full.GetAsync("/v1/articles?q=anxiety");

        await limit.DisposeAsync();
        Assert.Equal(HttpStatusCode.Created, (await Post(new string('x', 4000))).StatusCode);
        Assert.Equal(stored + 1, await full.CountAsync());
    }

    [Fact]
    public async Task Many_senders_at_once_each_get_a_reference_of_their_own_and_share_commits()
    {
        await using var busy = await ApiFactory.StartAsync();
        var before = CountCommits();
        var replies = await Task.WhenAll(
            Enumerable
                .Range(0, 500)
                .Select(i =>
                    busy.Client.PostAsync(
                        Path,
                        new StringContent(
                            Valid(("message", $"Message {i}")).ToJsonString(),
                            Encoding.UTF8,
                            "application/json"
                        )
                    )
                )
        );
        Assert.All(replies, reply => Assert.Equal(HttpStatusCode.Created, reply.StatusCode));
        var references = await Task.WhenAll(
            replies.Select(async reply =>
                (string?)JsonNode.Parse(await reply.Content.ReadAsStringAsync())!["reference"]
            )
        );
        Assert.Equal(500, references.Distinct().Count());
        Assert.InRange(CountCommits() - before, 0, 499);

        // PostgreSQL has them share by itself.
        long CountCommits() => Engine.IsPostgres ? 0 : busy.Sqlite.Commits;
    }
}
