using Api.Access;
using Api.Http;
using Api.Tests.Access;
using Api.Tests.Contact;
using Api.Tests.Hours;
using Api.Tests.Seed;

namespace Api.Tests.Http;

/// <summary>
/// Random requests, made from the OpenAPI document, to every operation in it. The answers must be as the document says.
/// A failure prints the seed, and <see cref="RandomPlansAttribute"/> says how to run it again.
/// </summary>
public sealed class ContractFuzzTests(ContractFuzzTests.Apis apis) : IClassFixture<ContractFuzzTests.Apis>
{
    /// <summary>How many requests of each kind are sent to each operation.</summary>
    const int Each = 12;

    // A request alone does not cause them: a slow sender, a fault, a busy database, a full disk. Other tests do.
    static readonly int[] NotProvoked = [408, 500, 503, 507];

    /// <summary>
    /// A clinic of which everything is known, and one that takes no more messages and explains no more refused sign-ins.
    /// </summary>
    public sealed class Apis : IAsyncLifetime
    {
        readonly TempFolder seed = new();

        public ApiFactory Open { get; } = new() { Settings = { "--Contact:Challenge:Mode=optional" } };

        public ApiFactory Full { get; } =
            new() { Settings = { "--Contact:Limits:PerClient:Requests=1", "--Access:Refusals:PerClient:Requests=1" } };

        /// <summary>A key that allows nothing.</summary>
        internal StaffKey Powerless { get; private set; } = null!;

        public async ValueTask InitializeAsync()
        {
            await File.WriteAllTextAsync(seed.File("clinic.yaml"), SeedMutationTests.Clinic);
            Directory.CreateDirectory(seed.File("articles"));
            foreach (var article in Directory.GetFiles(Path.Combine(Api.Seed.SeedFolder.Default, "articles")))
                File.Copy(article, seed.File($"articles/{Path.GetFileName(article)}"));
            Open.Settings.Add($"--Seed:Folder={seed.Path}");
            await Open.InitializeAsync();
            await Full.InitializeAsync();
            await Full.ReceivedAsync(Submissions.Valid());
            using var refused = await Full.SendAsync(HttpMethod.Get, "/v1/staff/me", ("Authorization", "Bearer x"));
            Assert.Equal(401, (int)refused.StatusCode);
            Powerless = await Open.CreateKeyAsync([]);
        }

        public async ValueTask DisposeAsync()
        {
            await Open.DisposeAsync();
            await Full.DisposeAsync();
            seed.Dispose();
        }
    }

    /// <summary>A way to make requests to an operation, and the statuses that their answers have.</summary>
    sealed record Way(string Name, ApiFactory Api, int[] Statuses, Func<RequestDraw, Task<RandomRequest>> DrawAsync)
    {
        /// <summary>The problem, if the document describes no such request.</summary>
        public ProblemType? Unknown { get; init; }

        public int Count { get; init; } = Each;
    }

    [Fact]
    public async Task Every_answer_is_as_documented()
    {
        var document = new DocumentedApi(await apis.Open.Client.GetStringAsync("/openapi.json"));
        var content = await ReadContentAsync(apis.Open);
        var fullContent = await ReadContentAsync(apis.Full);
        var requests = new List<string>();
        var faults = new Dictionary<string, string>();
        var answered = new HashSet<(string Operation, int Status)>();
        var accepted = new HashSet<(string Operation, string Parameter)>();
        foreach (var operation in document.Operations)
        foreach (var way in WaysTo(operation))
        foreach (var seed in RandomPlansAttribute.DrawSeeds(way.Count))
        {
            var draw = new RequestDraw(
                seed,
                document,
                way.Api == apis.Open ? content : fullContent,
                request => RawRequest.SendAsync(way.Api, request.ToBytes())
            );
            var request = await way.DrawAsync(draw);
            var answer = await RawRequest.SendAsync(way.Api, request.ToBytes());
            requests.Add(request + Convert.ToHexString(request.Body ?? []));
            answered.Add((operation.Id, answer.Status));
            if (answer.Status is >= 200 and < 400)
                accepted.UnionWith(request.Query.Select(pair => (operation.Id, pair.Name)));
            try
            {
                var isHead = request.Method == "HEAD";
                Assert.Contains(answer.Status, way.Statuses);
                if (way.Unknown is { } problem)
                    document.CheckUnknown(answer, problem, isHead);
                else
                    document.Check(operation, answer, isHead);
            }
            catch (Exception e)
            {
                faults.TryAdd(
                    $"{way.Name}: {e.Message}",
                    $"SEED={seed} {operation}\n{request}{ToText(request.Body ?? [])}\n"
                        + $"{answer.Status}\n{string.Join('\n', answer.Headers)}\n{ToText(answer.Body)}"
                );
            }
        }

        // One of each kind.
        Assert.True(faults.Count == 0, string.Join("\n\n", faults.Select(fault => $"{fault.Key}\n{fault.Value}")));
        Assert.DoesNotMatch("(?m)^(Error|Critical) ", apis.Open.Log.Text + apis.Full.Log.Text);
        if (RandomPlansAttribute.IsReplay)
            return;
        Assert.InRange(requests.Distinct().Count(), requests.Count * 3 / 4, requests.Count);
        var statuses = document.Operations.SelectMany(operation =>
            operation.Responses.Keys.Except(NotProvoked).Select(status => (operation.Id, status))
        );
        Assert.Empty(statuses.Except(answered));
        var parameters = document.Operations.SelectMany(operation =>
            operation.ParametersIn("query").Select(parameter => (operation.Id, (string)parameter["name"]!))
        );
        Assert.Empty(parameters.Except(accepted));
    }

    IEnumerable<Way> WaysTo(DocumentedOperation operation)
    {
        int[] success = [.. operation.Responses.Keys.Where(status => status is >= 200 and < 300)];
        yield return new("valid", apis.Open, success, draw => draw.ValidAsync(operation));
        if (operation.ParametersIn("query").Any())
            yield return new(
                "anything",
                apis.Open,
                [.. operation.Responses.Keys.Where(status => status < 500)],
                draw => draw.AnythingAsync(operation)
            );
        if (operation.ParametersIn("query").Any(parameter => (string?)parameter["name"] == "cursor"))
            yield return new("next page", apis.Open, success, draw => draw.NextPageAsync(operation));
        if (operation.Responses.ContainsKey(304))
            yield return new("unchanged", apis.Open, [304], draw => draw.UnchangedAsync(operation));
        foreach (var parameter in operation.ParametersIn("path").Concat(operation.ParametersIn("query")))
            yield return new(
                $"wrong {parameter["name"]}",
                apis.Open,
                (string?)parameter["in"] == "path" ? [404] : [400, 422],
                draw => draw.WithWrongAsync(operation, parameter)
            );
        yield return new("another method", apis.Open, [405], draw => draw.WithAnotherMethodAsync(operation))
        {
            Unknown = ProblemTypes.MethodNotAllowed,
        };
        yield return new("unknown address", apis.Open, [404], draw => draw.ToUnknownAddressAsync(operation))
        {
            Unknown = ProblemTypes.NotFound,
        };
        if (operation.Body is not null)
        {
            if (operation.ParametersIn("header").Any(parameter => (string?)parameter["name"] == "Idempotency-Key"))
                yield return new("wrong key", apis.Open, [400], draw => draw.WithWrongIdempotencyKeyAsync(operation));
            yield return new("wrong body", apis.Open, [422], draw => draw.WithWrongBodyAsync(operation))
            {
                // There are many ways to be wrong.
                Count = 20 * Each,
            };
            yield return new("unreadable body", apis.Open, [400], draw => draw.WithUnreadableBodyAsync(operation));
            yield return new("wrong media type", apis.Open, [415], draw => draw.WithWrongMediaTypeAsync(operation));
            yield return new("large body", apis.Open, [413], draw => draw.WithLargeBodyAsync(operation));
            if (!operation.IsSecured)
                yield return new("too many", apis.Full, [429], draw => draw.ValidAsync(operation));
        }
        if (operation.IsSecured)
        {
            yield return new("no credential", apis.Open, [401], draw => draw.WithCredentialAsync(operation, null));
            yield return new("wrong credential", apis.Open, [401], draw => draw.WithWrongCredentialAsync(operation));
            yield return new("refused too often", apis.Full, [429], draw => draw.WithWrongCredentialAsync(operation));
        }
        if (operation.Responses.ContainsKey(412))
            yield return new("stale version", apis.Open, [412], draw => draw.ForStaleVersionAsync(operation));
        if (operation.IsSecured && operation.Responses.ContainsKey(403))
            yield return new(
                "no role",
                apis.Open,
                [403],
                draw => draw.WithCredentialAsync(operation, apis.Powerless.Text)
            );
        if (operation.Id == "getContactChallenge")
            yield return new("no challenges", apis.Full, [404], draw => draw.ValidAsync(operation));
    }

    static async Task<Content> ReadContentAsync(ApiFactory api)
    {
        async Task<string[]> ListAsync(string path, string list, string member) =>
            [.. (await api.GetAsync(path))[list]!.AsArray().Select(item => (string)item![member]!)];
        var open = await ListAsync("/v1/contact-form", "locations", "value");
        var message = Submissions.Valid(("location", open[0]));
        return new Content(
            await ListAsync("/v1/articles?limit=100", "items", "slug"),
            await ListAsync("/v1/tags", "items", "name"),
            await ListAsync("/v1/locations?limit=100", "items", "slug"),
            open,
            api.Settings.Any(setting => setting.Contains("Limits", StringComparison.Ordinal))
                ? []
                : [(string)(await api.ReceivedAsync(message))["token"]!],
            await api.RowsAsync<string>("SELECT reference FROM submissions"),
            await api.CreateKeyAsync([Role.Admin])
        );
    }

    static string ToText(byte[] bytes) => System.Text.Encoding.Latin1.GetString(bytes);
}
