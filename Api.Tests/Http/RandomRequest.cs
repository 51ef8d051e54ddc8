using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using Api.Access;
using Api.Tests.Access;

namespace Api.Tests.Http;

/// <summary>A request whose every part was drawn at random.</summary>
sealed class RandomRequest(string method, string path)
{
    public string Method { get; set; } = method;

    /// <summary>The path, escaped.</summary>
    public string Path { get; set; } = path;

    /// <summary>The parameters of the query: the name, and the value as it is sent, which can be no valid text.</summary>
    public List<(string Name, string Escaped)> Query { get; } = [];

    public List<(string Name, string Value)> Headers { get; } = [];

    public byte[]? Body { get; set; }

    public override string ToString()
    {
        var query = string.Join('&', Query.Select(pair => $"{pair.Name}={pair.Escaped}"));
        var target = Query.Count == 0 ? Path : $"{Path}?{query}";
        var head = string.Concat(Headers.Select(header => $"{header.Name}: {header.Value}\r\n"));
        var length = Body is null ? "" : $"Content-Length: {Body.Length}\r\n";
        return $"{Method} {target} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n{head}{length}\r\n";
    }

    public byte[] ToBytes() => [.. Encoding.UTF8.GetBytes(ToString()), .. Body ?? []];
}

/// <summary>What the API has, by its own lists, and a key for everything.</summary>
sealed record Content(
    string[] Articles,
    string[] Tags,
    string[] Locations,
    string[] OpenLocations,
    string[] Receipts,
    string[] References,
    StaffKey Admin
)
{
    /// <summary>The values that a parameter can have, if they are something that exists.</summary>
    public string[]? Find(DocumentedOperation operation, string parameter) =>
        (operation.Path.Split('/')[2], parameter) switch
        {
            ("articles", "slug") => Articles,
            ("locations", "slug") => Locations,
            ("contact-receipts", "token") => Receipts,
            ("staff", "reference") => References,
            _ => null,
        };
}

/// <summary>Draws requests to an operation of the document. The same seed draws the same requests.</summary>
sealed class RequestDraw(int seed, DocumentedApi document, Content content, Func<RandomRequest, Task<RawAnswer>> send)
{
    const int LargestBody = 64 * 1024;

    static readonly DateOnly Today = DateOnly.FromDateTime(ApiFactory.Now.Date);

    // Characters that are easy to get wrong: with several bytes or UTF-16 units, from right to left, not to be seen,
    // combining, of queries and markup, and half a surrogate pair.
    static readonly string[] Characters =
    [
        "a",
        "Z",
        "0",
        " ",
        "é",
        "e\u0301",
        "ß",
        "İ",
        "😀",
        "👩‍⚕️",
        "שלום",
        "العربية",
        "\u202e",
        "\u200b",
        "\ufeff",
        "\uffff",
        "不安",
        "５",
        "\0",
        "\t",
        "\n",
        "\u001b",
        "\u0085",
        "\u2028",
        "'",
        "\"",
        "*",
        "%",
        "_",
        "\\",
        "/",
        "+",
        "&",
        "=",
        "#",
        "?",
        ";",
        "(",
        "^",
        "-",
        ":",
        "<b>",
        "{{1}}",
        "${1}",
        " OR ",
        " NEAR ",
        "' OR 1=1--",
        "\ud800",
        "\udc00",
    ];

    readonly Random random = new(seed);

    /// <summary>A request that the document allows.</summary>
    public async Task<RandomRequest> ValidAsync(DocumentedOperation operation)
    {
        var request = new RandomRequest(operation.Method, operation.Path);
        foreach (var name in operation.ParametersIn("path").Select(NameOf))
            SetPath(request, name, Escape(await ChooseAsync(operation, name)));
        foreach (var parameter in operation.ParametersIn("query").OrderBy(_ => random.Next()))
            if (NameOf(parameter) != "cursor" && Chance(2))
                SetQuery(request, NameOf(parameter), ValidValue(parameter, request));
        if (Has(operation, "Idempotency-Key") && Chance(2))
            request.Headers.Add(("Idempotency-Key", ValidIdempotencyKey()));
        if (operation.Body is not null)
            SetBody(request, ValidBody(operation));
        AddNoise(request);
        // It is no noise there.
        if (operation.Responses.ContainsKey(412))
            request.Headers.RemoveAll(header => header.Name == "If-Match");
        if (operation.IsSecured)
            SetCredential(request, content.Admin.Text);
        if (operation.ParametersIn("query").Any(parameter => NameOf(parameter) == "cursor") && Chance(2))
            await ContinueAsync(request);
        return request;
    }

    async Task<string> ChooseAsync(DocumentedOperation operation, string parameter)
    {
        var values = content.Find(operation, parameter)!;
        if (operation.Id != "eraseSubmission")
            return Pick(values);
        // What is erased is needed by no other request.
        var submission = new RandomRequest("POST", "/v1/contact-submissions");
        SetBody(submission, ValidSubmission());
        return (string?)(await send(submission)).Json["reference"] ?? Pick(values);
    }

    /// <summary>A valid request for a version of something that is no longer the current one.</summary>
    public async Task<RandomRequest> ForStaleVersionAsync(DocumentedOperation operation)
    {
        var request = await ValidAsync(operation);
        request.Headers.Add(
            ("If-Match", Pick("\"0\"", "\"99999\"", "W/\"1\"", "x", "\"\"", "\"99998\", \"99999\"", "\"😀\""))
        );
        return request;
    }

    /// <summary>A request that is valid except for its credential.</summary>
    /// <param name="operation">The operation.</param>
    /// <param name="credential">The credential; <c>null</c> for none, or for one of another scheme.</param>
    public async Task<RandomRequest> WithCredentialAsync(DocumentedOperation operation, string? credential)
    {
        var request = await ValidAsync(operation);
        request.Headers.RemoveAll(header => header.Name == "Authorization");
        if (credential is not null)
            SetCredential(request, credential);
        else if (Chance(2))
            request.Headers.Add(("Authorization", Pick("", "Bearer", "Basic eDp5", "Digest x", content.Admin.Text)));
        return request;
    }

    /// <summary>A request that is valid except for its credential, which is no key and no token.</summary>
    public Task<RandomRequest> WithWrongCredentialAsync(DocumentedOperation operation)
    {
        var key = content.Admin.Text;
        var wrong = Pick(
            "x",
            key[..^1],
            key + "0",
            key[.."clinic_".Length],
            key.ToUpperInvariant(),
            AccessKey.New(),
            $"{key}, {key}",
            "a.b.c",
            "eyJhbGciOiJub25lIn0.e30.",
            "😀",
            new string('x', 5000)
        );
        return WithCredentialAsync(operation, wrong);
    }

    void SetCredential(RandomRequest request, string credential)
    {
        request.Headers.RemoveAll(header => header.Name == "Authorization");
        request.Headers.Add(("Authorization", $"{Pick("Bearer", "bearer", "BEARER")} {credential}"));
    }

    /// <summary>A valid request for another page than the first.</summary>
    public async Task<RandomRequest> NextPageAsync(DocumentedOperation operation)
    {
        // Many lists have one page only.
        for (var i = 0; i < 1000; i++)
        {
            var request = await ValidAsync(operation);
            if (request.Query.Any(pair => pair.Name == "cursor"))
                return request;
        }
        throw new InvalidOperationException($"{operation} never has a second page.");
    }

    /// <summary>A request in which each parameter of the query is right, wrong, empty, any text, or there twice.</summary>
    public async Task<RandomRequest> AnythingAsync(DocumentedOperation operation)
    {
        var request = await ValidAsync(operation);
        foreach (var parameter in operation.ParametersIn("query"))
        {
            var name = NameOf(parameter);
            var values = request.Query.Where(pair => pair.Name == name).ToArray();
            if (Chance(2))
                request.Query.RemoveAll(pair => pair.Name == name);
            else if (Chance(3))
                request.Query.Add((name, WrongValue(parameter, request)));
            else if (Chance(3))
                request.Query.AddRange(values);
            else
                request.Query.Add((name, Chance(4) ? "" : Escape(AnyText(100))));
        }
        return request;
    }

    /// <summary>Continues a list after its first page, if it has more than one.</summary>
    async Task ContinueAsync(RandomRequest request)
    {
        var limit = request.Query.FirstOrDefault(pair => pair.Name == "limit");
        var method = request.Method;
        request.Query.Remove(limit);
        request.Query.Add(("limit", "1"));
        request.Method = "GET";
        var encoding = request.Headers.FirstOrDefault(header => header.Name == "Accept-Encoding");
        request.Headers.Remove(encoding);
        var first = await send(request);
        request.Query.RemoveAll(pair => pair.Name == "limit");
        if (limit.Name is not null)
            request.Query.Add(limit);
        if (encoding.Name is not null)
            request.Headers.Add(encoding);
        request.Method = method;
        if (first.Status == 200 && (string?)first.Json["nextCursor"] is { } cursor)
            request.Query.Add(("cursor", cursor));
    }

    /// <summary>A request for an answer that the client has already.</summary>
    public async Task<RandomRequest> UnchangedAsync(DocumentedOperation operation)
    {
        var request = await ValidAsync(operation);
        request.Headers.RemoveAll(header => header.Name == "If-None-Match");
        var tag = (await send(request)).Headers.GetValueOrDefault("ETag", "");
        request.Headers.Add(("If-None-Match", Pick(tag, $"W/{tag}", $"\"x\", {tag}", $"{tag},\"\"", "*")));
        return request;
    }

    /// <summary>A request that is valid except for one parameter of its path or query.</summary>
    public async Task<RandomRequest> WithWrongAsync(DocumentedOperation operation, JsonNode parameter)
    {
        var name = NameOf(parameter);
        var request = await ValidAsync(operation);
        if ((string?)parameter["in"] == "path")
        {
            request.Path = operation.Path;
            SetPath(request, name, WrongSegment(parameter, content.Find(operation, name)!));
            return request;
        }
        request.Query.RemoveAll(pair => pair.Name == name);
        // A cursor belongs to a list with its filters.
        request.Query.RemoveAll(pair => pair.Name == "cursor");
        var wrong = WrongValue(parameter, request);
        request.Query.Insert(random.Next(request.Query.Count + 1), (name, wrong));
        return request;
    }

    public async Task<RandomRequest> WithWrongIdempotencyKeyAsync(DocumentedOperation operation)
    {
        var request = await ValidAsync(operation);
        request.Headers.RemoveAll(header => header.Name == "Idempotency-Key");
        var key = Pick(
            "",
            "\"\"",
            "\"",
            "key",
            "5",
            "\"a\"b",
            "\"é\"",
            "\"😀\"",
            "'a'",
            "\"\\x\"",
            "8e03978e-40d5-43dd-bc93",
            $"\"{new string('k', random.Next(256, 400))}\"",
            "\"a\", \"b\""
        );
        request.Headers.Add(("Idempotency-Key", key));
        if (Chance(5))
            request.Headers.Add(("Idempotency-Key", ValidIdempotencyKey()));
        return request;
    }

    /// <summary>A request with a body that its schema refuses.</summary>
    public async Task<RandomRequest> WithWrongBodyAsync(DocumentedOperation operation)
    {
        var request = await ValidAsync(operation);
        while (true)
        {
            var body = Chance(10) ? NastyValue() : Damage(ValidBody(operation));
            SetBody(request, body);
            using var json = JsonDocument.Parse(request.Body);
            var isWrong = document.FindFault(operation.Body!, json.RootElement) is not null;
            if (isWrong && request.Body!.Length <= LargestBody)
                return request;
        }
    }

    JsonObject Damage(JsonObject body)
    {
        for (var i = random.Next(1, 4); i > 0; i--)
        {
            // In the hidden field anything is allowed, since only programs fill it in.
            string[] members = [.. body.Select(member => member.Key).Where(name => name != "website")];
            if (members is [])
                break;
            var member = Pick(members);
            switch (random.Next(4))
            {
                case 0:
                    body.Remove(member);
                    break;
                case 1:
                    body[Pick("fax", "", "Name", "__proto__", "a/b~c", "$ref", "имя", "😀", "\u202e")] = NastyValue();
                    break;
                default:
                    body[member] = NastyValue();
                    break;
            }
        }
        return body;
    }

    JsonNode? NastyValue() =>
        random.Next(12) switch
        {
            0 => null,
            1 => Chance(2),
            2 => random.Next(-5, 5),
            3 => random.NextDouble() * 1e300,
            4 => "",
            5 => new JsonArray(),
            6 => new JsonObject(),
            7 => new JsonArray(NastyValue(), NastyValue()),
            8 => new JsonObject { ["a"] = NastyValue(), ["b"] = NastyValue() },
            9 => Nest(random.Next(2, 50)),
            10 => Repeat(Pick("x", "é", "😀", "不"), random.Next(90, 6000)),
            _ => WellFormed(AnyText(30)),
        };

    static JsonNode Nest(int depth) =>
        depth == 0 ? new JsonArray()
        : depth % 2 == 0 ? new JsonArray(Nest(depth - 1))
        : new JsonObject { ["a"] = Nest(depth - 1) };

    /// <summary>A request with a body that is no JSON, or not to be understood in one way only.</summary>
    public async Task<RandomRequest> WithUnreadableBodyAsync(DocumentedOperation operation)
    {
        var request = await ValidAsync(operation);
        var body = request.Body!;
        var text = Encoding.UTF8.GetString(body);
        // Twice as many bytes must not be too many.
        var utf16 = Encoding.Unicode.GetBytes(text[..Math.Min(text.Length, 5000)]);
        request.Body = random.Next(8) switch
        {
            0 => [],
            1 => body[..random.Next(text.TrimEnd().Length - 1)],
            2 => [.. body, .. "}"u8],
            3 => [.. Encoding.UTF8.GetBytes(text.TrimEnd()[..^1]), .. ",\"name\":\"A\",\"name\":\"B\"}"u8],
            4 => Encoding.UTF8.GetBytes($$"""{ "{{Pick("\\ud800", "\\udc00\\ud800")}}": 1 }"""),
            5 => [.. "{\"\""u8, .. Pick<byte[]>([0xff], [0xc0, 0xaf], [0xed, 0xa0, 0x80]), .. "\":1}"u8],
            6 => Encoding.UTF8.GetBytes(Repeat("[", 200) + Repeat("]", 200)),
            _ => utf16,
        };
        return request;
    }

    /// <summary>A request with a body in a format that is not supported.</summary>
    public async Task<RandomRequest> WithWrongMediaTypeAsync(DocumentedOperation operation)
    {
        var request = await ValidAsync(operation);
        request.Headers.RemoveAll(header => header.Name == "Content-Type");
        if (Chance(4))
        {
            request.Headers.Add(("Content-Type", "application/json"));
            request.Headers.Add(("Content-Encoding", Pick("gzip", "br", "deflate", "x, gzip")));
            return request;
        }
        var type = Pick(
            "",
            "x",
            ";;;",
            "text/plain",
            "text/json/x",
            "application/xml",
            "application/octet-stream",
            "application/json; charset=utf-16",
            "application/x-www-form-urlencoded",
            "multipart/form-data; boundary=x",
            "multipart/form-data"
        );
        if (type.Length > 0)
            request.Headers.Add(("Content-Type", type));
        return request;
    }

    public async Task<RandomRequest> WithLargeBodyAsync(DocumentedOperation operation)
    {
        var request = await ValidAsync(operation);
        var spaces = Repeat(" ", LargestBody + random.Next(1, 30_000));
        request.Body = [.. request.Body!, .. Encoding.UTF8.GetBytes(spaces)];
        return request;
    }

    /// <summary>A request with a method that the address does not have.</summary>
    public async Task<RandomRequest> WithAnotherMethodAsync(DocumentedOperation operation)
    {
        var request = await ValidAsync(operation);
        string[] methods = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "QUERY", "FOO"];
        // Another operation can have the address, too, such as /submissions/{reference} that of /submissions/counts.
        var own = document
            .Operations.Where(other => other.HasAddress(operation.Path))
            .SelectMany(other => other.Method == "GET" ? ["GET", "HEAD"] : new[] { other.Method });
        request.Method = Pick(methods.Except(own).ToArray());
        return request;
    }

    /// <summary>A request to an address that does not exist.</summary>
    public async Task<RandomRequest> ToUnknownAddressAsync(DocumentedOperation operation)
    {
        var request = await ValidAsync(operation);
        request.Path += $"/{EscapeSegment(AnyText(10))}x/y";
        return request;
    }

    static string NameOf(JsonNode parameter) => (string)parameter["name"]!;

    static bool Has(DocumentedOperation operation, string parameter) =>
        operation.Parameters.Any(p => NameOf(p) == parameter);

    static void SetPath(RandomRequest request, string name, string escaped) =>
        request.Path = request.Path.Replace($"{{{name}}}", escaped, StringComparison.Ordinal);

    static void SetQuery(RandomRequest request, string name, string value) => request.Query.Add((name, Escape(value)));

    static int LongestOf(JsonNode parameter) => (int)parameter["schema"]!["maxLength"]!;

    /// <summary>A value by the schema of a parameter, or by its name where the schema knows only a part.</summary>
    string ValidValue(JsonNode parameter, RandomRequest request) =>
        (NameOf(parameter), (string?)parameter["schema"]!["type"], (string?)parameter["schema"]!["format"]) switch
        {
            ("action", _, _) => Pick("", "auditRead", "keyCreated"),
            ("actor", _, _) => Pick(content.Admin.Actor, "operator", Repeat("😀", LongestOf(parameter))),
            ("state", _, _) => Pick("", "new", "open", "handled", "spam"),
            ("overdue" or "spam", _, _) => Pick("true", "false", "True"),
            ("location", _, _) => Pick(content.Locations),
            ("assignee", _, _) => Pick("me", "none", "Ada", Repeat("😀", LongestOf(parameter))),
            ("from" or "to", "string", null) => ValidInstant(),
            ("reference", _, _) => Pick("7K3Q-X9MZ-2TBV", "7k3q-x9mz-2tbv", "x"),
            (_, "integer", _) => ValidInteger(parameter["schema"]!),
            (_, _, "date-time") => ValidInstant(),
            (_, _, "date") => ValidDate(NameOf(parameter), request),
            ("in", _, _) => Pick("en", "es", "EN", "eS", "es-US", "en-GB", "es-419", "en-Latn-US-x-private"),
            ("near", _, _) => $"{ValidDegrees(90)},{ValidDegrees(180)}",
            ("openAt", _, _) => Chance(3) ? "now" : ValidInstant(),
            ("include", _, _) => "status",
            ("tag", _, _) => Chance(2) ? Pick(content.Tags) : WithoutNull(AnyText(LongestOf(parameter))),
            ("q", _, _) => Chance(2)
                ? Pick("anxiety", "panic attack", "medic", "sueño", "STRESS")
                : WithoutNull(AnyText(LongestOf(parameter))),
            (var name, _, _) => throw new NotSupportedException($"Say here what {name} can be."),
        };

    string ValidInteger(JsonNode schema)
    {
        var (least, most) = ((int)schema["minimum"]!, (int)schema["maximum"]!);
        return Format(Pick(least, least + 1, most - 1, most, random.Next(least, most + 1)));
    }

    string ValidInstant()
    {
        if (Chance(6))
            return Pick(
                "1900-01-01T00:00:00Z",
                "2199-12-31T23:59:59.999999999Z",
                "2016-12-31T23:59:60Z",
                "2026-11-01T01:30:00-05:00"
            );
        var time = Today.AddDays(random.Next(-40_000, 60_000)).ToDateTime(default).AddSeconds(random.Next(86_400));
        var offset = Pick("Z", "z", "+00:00", "-00:00", "+05:30", "-06:00", "+14:00", "-12:00");
        var fraction = Pick("", "", ".5", ".123456789", ".1234567890123");
        var seconds = time.ToString("yyyy-MM-dd'T'HH:mm:ss", CultureInfo.InvariantCulture);
        return (Chance(4) ? seconds.Replace('T', 't') : seconds) + fraction + offset;
    }

    /// <summary>The end of a range is at most a year after its beginning, which is today if it is not given.</summary>
    string ValidDate(string name, RandomRequest request)
    {
        const int Longest = 365;
        var (first, last) = (new DateOnly(1900, 1, 1), new DateOnly(2199, 12, 31));
        var other = request
            .Query.Where(pair => pair.Name is "from" or "to")
            .Select(pair => (DateOnly?)DateOnly.ParseExact(pair.Escaped, "yyyy-MM-dd", CultureInfo.InvariantCulture))
            .FirstOrDefault();
        var date = (name, other) switch
        {
            ("from", null) => Pick(first, last, Today, Today.AddDays(random.Next(-40_000, 60_000))),
            ("from", { } to) => Later(first, to.AddDays(-random.Next(Longest + 1))),
            (_, null) => Today.AddDays(random.Next(Longest + 1)),
            (_, { } from) => Earlier(last, from.AddDays(random.Next(Longest + 1))),
        };
        return date.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);

        static DateOnly Later(DateOnly a, DateOnly b) => a > b ? a : b;
        static DateOnly Earlier(DateOnly a, DateOnly b) => a < b ? a : b;
    }

    string ValidDegrees(int limit) =>
        Pick(
            Format(random.Next(-limit, limit + 1)),
            Format(Math.Round((random.NextDouble() - 0.5) * 2 * limit, random.Next(1, 12))),
            Format(limit),
            Format(-limit),
            "-0",
            "+1.50"
        );

    /// <summary>A value that the description of a parameter excludes, escaped.</summary>
    string WrongValue(JsonNode parameter, RandomRequest request)
    {
        var schema = parameter["schema"]!;
        if ((string?)schema["type"] == "integer")
            return WrongInteger(schema);
        var name = NameOf(parameter);
        if (name is "overdue" or "spam")
            return Escape(Pick("x", "1", "yes", "truefalse"));
        if (name is "state")
            return Escape(Pick("x", "0", "New", "new,open", " open"));
        if (name is "location")
            return Escape(Pick("x", "jonesboro2", "Jonesboro", "*"));
        if (name == "action")
            return Escape(Pick("x", "0", "12", "-1", "9999999999", "auditRead,keyCreated", "audit-read"));
        if (Chance(4) || name is "tag" or "q" or "actor" or "reference" or "assignee")
            return TooLong(parameter);
        var wrong = (name, (string?)schema["format"]) switch
        {
            (_, "date-time") or ("openAt", _) or ("from" or "to", null) => Pick(
                "tomorrow",
                "2026-02-30T00:00:00Z",
                "2026-12-25T09:00:00",
                "2026-12-25",
                "1899-12-31T23:59:59Z",
                "2200-01-01T00:00:00Z",
                "2026-12-25T09:00:00+25:00",
                "Now",
                "1766653200",
                $"2026-12-25T09:00:00.{Repeat("0", 50)}Z"
            ),
            (_, "date") => Pick(
                "today",
                "2026-02-30",
                "2026-2-3",
                "20260203",
                "1899-12-31",
                "2200-01-01",
                "２０２６-01-01",
                "-1-01-01",
                WrongRange(name, request)
            ),
            ("in", _) => Pick("fr", "eng", "e", "english", "*", "en_US", " en", "in", "-", "es-" + Repeat("x", 40)),
            ("near", _) => Pick(
                "north",
                "1",
                "91,0",
                "0,181",
                "1,2,3",
                "1;2",
                ",",
                "NaN,0",
                "1e1,0",
                "٣,٤",
                " 1,2",
                $"1.{Repeat("0", 40)},2"
            ),
            ("include", _) => Pick("Status", "hours", "stat", "*"),
            ("cursor", _) => Pick("x", "bm9uc2Vuc2U", "=", "-", "null", "AAAAAAAAWyJhIl0"),
            _ => throw new NotSupportedException($"Say here what {name} cannot be."),
        };
        return Escape(Chance(4) ? wrong + "x" + AnyText(5) : wrong);
    }

    string WrongInteger(JsonNode schema) =>
        Escape(
            Pick(
                "",
                "abc",
                "1.5",
                "1e1",
                "0x10",
                "１０",
                "٣",
                "[1]",
                "{}",
                "true",
                "null",
                "NaN",
                "1,2",
                "99999999999999999999",
                "-2147483649",
                "😀",
                "\0",
                "\ud800",
                Format((int)schema["minimum"]! - 1),
                Format((int)schema["maximum"]! + 1),
                Format(int.MinValue),
                Format(int.MaxValue),
                "a" + AnyText(20)
            )
        );

    // A date that is right by itself, and wrong beside the other one.
    string WrongRange(string name, RandomRequest request)
    {
        var other = name == "from" ? "to" : "from";
        request.Query.RemoveAll(pair => pair.Name == other);
        request.Query.Add((other, "2026-07-01"));
        return name == "from"
            ? Pick("2026-07-02", "2025-06-30", "1900-01-01")
            : Pick("2026-06-30", "2027-07-02", "2199-12-31");
    }

    string TooLong(JsonNode parameter) =>
        // An address of more than 8 KiB is refused before.
        Escape(
            Repeat(LongestOf(parameter) > 200 ? "x" : Pick("x", "é", "😀"), LongestOf(parameter) + random.Next(1, 50))
        );

    string WrongSegment(JsonNode parameter, string[] existing)
    {
        var known = Pick(existing);
        var wrong = Pick(
            known + "x",
            known[..^1] + "-",
            known.ToUpperInvariant() + "X",
            // Blanks in a reference do not matter.
            known + (NameOf(parameter) == "reference" ? "?" : " "),
            known + "'",
            known + "/",
            "..x",
            "nowhere",
            "' OR 1=1--",
            "x" + AnyText(20),
            Repeat(Pick("x", "😀"), LongestOf(parameter) + random.Next(1, 50))
        );
        return EscapeSegment(wrong);
    }

    // A null character cannot be in a path: Kestrel refuses the request before the API sees it.
    static string EscapeSegment(string text) => Escape(WithoutNull(text));

    static string WithoutNull(string text) => text.Replace("\0", "", StringComparison.Ordinal);

    string ValidIdempotencyKey() =>
        Pick(
            $"\"{Guid.NewGuid()}\"",
            $"{Guid.NewGuid()}",
            $"\"{random.Next()} !#$%&'()*+,-./:;<=>?@[]^_`{{|}}~\"",
            $"\"\\\"\\\\{random.Next()}\"",
            $"\"{random.Next()}\"; a=1",
            $"\"{random.Next():D10}{new string('k', 245)}\""
        );

    JsonObject ValidBody(DocumentedOperation operation) =>
        operation.Id switch
        {
            "createContactSubmission" => ValidSubmission(),
            "setSubmissionState" => Pick(
                new JsonObject { ["state"] = Pick("new", "open", "handled", "spam") },
                new JsonObject
                {
                    ["state"] = "handled",
                    ["handledBy"] = Pick("telephone", "email", "inPerson", "other"),
                },
                new JsonObject { ["state"] = "open", ["handledBy"] = null }
            ),
            "setSubmissionAssignee" => new JsonObject { ["assignee"] = Pick("me", null, "李小龍", Repeat("😀", 100)) },
            "addSubmissionNote" => new JsonObject { ["text"] = Pick("Called.", Repeat("😀", 5000), Message()) },
            // Nobody whose messages other requests need.
            "searchSubmissions" or "exportSender" or "eraseSender" => Pick(
                new JsonObject { ["email"] = Pick("nobody@example.com", "NOBODY@EXAMPLE.COM", "x") },
                new JsonObject { ["telephone"] = Pick("+1 870 555 0199", "(870) 555-0199") },
                new JsonObject { ["email"] = "nobody@example.com", ["telephone"] = "8705550199" }
            ),
            var other => throw new NotSupportedException($"Say here what the body of {other} can be."),
        };

    JsonObject ValidSubmission()
    {
        var byEmail = Chance(2);
        var body = new JsonObject
        {
            ["name"] = Pick(
                "Sam Example",
                "李小龍",
                "  Padded\t",
                "أحمد",
                Repeat("😀", 100),
                "O'Example-\u202eReversed"
            ),
            ["preferredContact"] = byEmail ? "email" : "telephone",
            ["location"] = Pick(content.OpenLocations),
            ["message"] = Pick(
                "Hello.",
                "a\nb\tc\r\nd",
                "\u2028x\f\u0085",
                Repeat("😀", 5000),
                Repeat("x", 5000),
                Message()
            ),
            ["consent"] = true,
        };
        if (byEmail || Chance(2))
            body["email"] = Pick(
                "sam@example.com",
                " s@example.com ",
                "a.b+c@sub.example.com",
                "!#$%&'*+/=?^_`{|}~-@example.com"
            );
        if (!byEmail || Chance(2))
            body["telephone"] = Pick("+1 870 555 0100", "(870) 555-0100", "8705550100", "870 555 0100 x5");
        if (Chance(3))
            body["secondsToFill"] = Pick<JsonNode?>(null, 0, 12.5, 1e3, 1e300);
        if (Chance(3))
            body["altcha"] = Pick<JsonNode?>(null, "", "  ");
        if (Chance(3))
            body["website"] = Pick<JsonNode?>(null, "", "https://example.com/");
        var shuffled = body.OrderBy(_ => random.Next())
            .Select(member => (member.Key, member.Value?.DeepClone()))
            .ToArray();
        return new JsonObject(shuffled.Select(member => KeyValuePair.Create(member.Key, member.Item2)));
    }

    string Message() => "x" + string.Concat(WellFormed(AnyText(200)).Where(c => !char.IsControl(c)));

    void SetBody(RandomRequest request, JsonNode? body)
    {
        var options = new JsonSerializerOptions
        {
            WriteIndented = Chance(2),
            Encoder = Chance(2) ? JavaScriptEncoder.Default : JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        };
        var text = (body?.ToJsonString(options) ?? "null") + Pick("", " ", "\r\n");
        request.Body = Encoding.UTF8.GetBytes(text);
        if (!request.Headers.Any(header => header.Name == "Content-Type"))
            request.Headers.Add(
                (
                    "Content-Type",
                    Pick("application/json", "application/json; charset=utf-8", "Application/JSON;charset=\"UTF-8\"")
                )
            );
    }

    /// <summary>Adds what must not matter: parameters and headers that the document does not know, and hints.</summary>
    void AddNoise(RandomRequest request)
    {
        if (request.Method == "GET" && Chance(10))
            request.Method = "HEAD";
        if (Chance(4))
            request.Query.Insert(
                random.Next(request.Query.Count + 1),
                Pick(
                    ("x", "1"),
                    ("", ""),
                    ("limit[]", "0"),
                    ("%F0%9F%98%80", "%E2%80%AE"),
                    ("%zz", "%FF"),
                    ("at[$gt]", ""),
                    (Escape(AnyText(5)) + "x", Escape(AnyText(50)))
                )
            );
        if (Chance(3))
            request.Headers.Add(
                (
                    "Accept",
                    Pick(
                        "*/*",
                        "text/html",
                        "application/xml",
                        "application/json;q=0",
                        "x",
                        ";;",
                        "*/*;q=0",
                        "image/*, */*;q=0.1"
                    )
                )
            );
        if (Chance(3))
            request.Headers.Add(
                (
                    "Accept-Language",
                    Pick(
                        "es",
                        "en-US,en;q=0.5",
                        "fr, es;q=0.1",
                        "*",
                        "es;q=0, *",
                        "x",
                        ";q=",
                        "😀",
                        new string('e', 500)
                    )
                )
            );
        if (Chance(4))
            request.Headers.Add(
                ("Accept-Encoding", Pick("gzip", "br, gzip", "identity;q=0, *;q=0", "deflate", "x", "*"))
            );
        if (Chance(6))
            request.Headers.Add(("If-None-Match", Pick("\"x\"", "W/\"x\"", "x", "", "\"", "\"😀\"")));
        if (Chance(4))
            request.Headers.Add(
                Pick(
                    ("Range", "bytes=0-10"),
                    ("Range", "bytes=-1"),
                    ("If-Range", "\"x\""),
                    ("If-Modified-Since", "Fri, 01 Jan 2199 00:00:00 GMT"),
                    ("If-Match", "\"x\""),
                    ("If-Unmodified-Since", "Thu, 01 Jan 1970 00:00:00 GMT"),
                    ("Cache-Control", "only-if-cached"),
                    ("Cache-Control", "no-store"),
                    ("Authorization", "Bearer x"),
                    ("Cookie", "a=b; c"),
                    ("Origin", "https://evil.example"),
                    ("X-HTTP-Method-Override", "DELETE"),
                    ("X-Forwarded-For", "x"),
                    ("X-Forwarded-Prefix", "/x"),
                    ("traceparent", "00-x"),
                    ("Content-Language", "xx"),
                    ("TE", "trailers"),
                    ("Upgrade", "h2c")
                )
            );
    }

    string AnyText(int longest)
    {
        if (Chance(8))
            return Repeat(Pick("x", "é", "😀", "不"), longest);
        var text = new StringBuilder();
        for (var count = random.Next(1, 8); count > 0; count--)
        {
            var next = Pick(Characters);
            // What is no text counts more than once when it is escaped.
            if ((text.Length + next.Length) * 9 <= Math.Max(longest, 9))
                text.Append(next);
        }
        return text.Length == 0 ? "a" : text.ToString();
    }

    static string WellFormed(string text) => string.Concat(text.EnumerateRunes());

    static string Repeat(string text, int times) => string.Concat(Enumerable.Repeat(text, times));

    static string Format(IFormattable number) => number.ToString(null, CultureInfo.InvariantCulture);

    /// <summary>Escapes a text for a URL. Half a surrogate pair becomes bytes that are not UTF-8.</summary>
    static string Escape(string text)
    {
        var escaped = new StringBuilder();
        for (var i = 0; i < text.Length; i++)
        {
            var isPair = char.IsHighSurrogate(text[i]) && i + 1 < text.Length && char.IsLowSurrogate(text[i + 1]);
            if (char.IsSurrogate(text[i]) && !isPair)
                escaped.Append(char.IsHighSurrogate(text[i]) ? "%ED%A0%80" : "%ED%B0%80");
            else
                escaped.Append(Uri.EscapeDataString(isPair ? text.AsSpan(i++, 2) : text.AsSpan(i, 1)));
        }
        return escaped.ToString();
    }

    /// <summary>Whether something happens that happens once in so many times.</summary>
    bool Chance(int times) => random.Next(times) == 0;

    T Pick<T>(params T[] values) => values[random.Next(values.Length)];
}
