using System.Text.Json.Nodes;
using Api.Tests.Access;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace Api.Tests.Contact.Inbox;

/// <summary>For a key that is confined to locations, the messages for others do not exist.</summary>
public sealed class ConfinedKeyTests(ApiFactory api) : IClassFixture<ApiFactory>, IAsyncLifetime
{
    const string Email = "sender@example.com";

    static readonly JsonObject Sender = new() { ["email"] = Email };

    string here = null!,
        elsewhere = null!,
        spamHere = null!,
        spamElsewhere = null!;
    StaffKey key = null!;

    public async ValueTask InitializeAsync()
    {
        await api.ExecuteAsync("DELETE FROM submissions; DELETE FROM erasure_counts");
        here = await api.SubmittedAsync(("location", "paragould"));
        elsewhere = await api.SubmittedAsync(("location", "jonesboro"));
        spamHere = await api.SpamAsync(("location", "paragould"));
        spamElsewhere = await api.SpamAsync(("location", "ash-flat"));
        key = await api.InboxKeyAsync(locations: ["paragould"]);
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    Task<string> DumpAsync() =>
        api.DumpAsync("submissions", "submission_notes", "audit_entries", "outbox", "erasure_counts");

    [Fact]
    public async Task A_list_has_only_its_locations()
    {
        Assert.Equal([here], (await api.GetAsync(key, InboxApi.Path)).References());
        Assert.Equal([spamHere], (await api.GetAsync(key, $"{InboxApi.Path}?spam=true")).References());
        Assert.Equal([here], (await api.GetAsync(key, $"{InboxApi.Path}?location=paragould")).References());
        var two = await api.InboxKeyAsync(locations: ["paragould", "jonesboro"]);
        Assert.Equal(new[] { here, elsewhere }.Order(), (await api.GetAsync(two, InboxApi.Path)).References().Order());
    }

    [Fact]
    public async Task Another_location_is_as_unknown_as_one_that_does_not_exist()
    {
        foreach (var path in new[] { InboxApi.Path, $"{InboxApi.Path}/export.csv" })
        {
            var errors = new List<string>();
            foreach (var location in new[] { "jonesboro", "nowhere" })
                errors.Add((await api.GetAsync(key, $"{path}?location={location}", 422))["errors"]!.ToJsonString());
            Assert.Single(errors.Distinct());
        }
    }

    [Fact]
    public async Task Counts_and_what_needs_attention_are_of_its_locations()
    {
        await api.EraseAsync(here);
        await api.EraseAsync(elsewhere);
        var counts = (await api.GetAsync(key, $"{InboxApi.Path}/counts"))["items"]!.AsArray().Single()!;
        Assert.Equal(("paragould", 1, 1), ((string?)counts["location"], (int)counts["spam"]!, (int)counts["erased"]!));
        var attention = await api.GetAsync(key, "/v1/staff/attention");
        Assert.Equal(1, (int)attention["unreadSpam"]!);
    }

    [Fact]
    public async Task A_search_and_the_exports_have_only_its_locations()
    {
        string[] seen = [.. new[] { here, spamHere }.Order()];
        Assert.Equal(seen, (await api.PostAsync(key, $"{InboxApi.Path}/search", Sender)).References().Order());
        Assert.Equal(
            seen,
            (await api.PostAsync(key, $"{InboxApi.Path}/export", Sender)).References("messages").Order()
        );
        using var response = await api.SendAsync(key, HttpMethod.Get, $"{InboxApi.Path}/export.csv");
        var table = await response.Content.ReadAsStringAsync();
        Assert.Contains(here, table, StringComparison.Ordinal);
        Assert.DoesNotContain(elsewhere, table, StringComparison.Ordinal);
        Assert.Empty(
            await api.RowsAsync<string>(
                "SELECT action FROM audit_entries WHERE reference IN (@elsewhere, @spamElsewhere)",
                new { elsewhere, spamElsewhere }
            )
        );
    }

    /// <summary>Every operation on a reference, as the program has them.</summary>
    static IEnumerable<(HttpMethod Method, string Route)> FindOperations(ApiFactory api) =>
        from endpoint in api.App.Services.GetRequiredService<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>()
        let route = "/" + endpoint.RoutePattern.RawText!.Trim('/')
        where route.StartsWith("/v1/staff/", StringComparison.Ordinal)
        where route.Contains("{reference}", StringComparison.Ordinal)
        from method in endpoint.Metadata.GetRequiredMetadata<HttpMethodMetadata>().HttpMethods
        select (new HttpMethod(method), route);

    // A new operation needs a body here.
    static readonly Dictionary<string, JsonObject?> Bodies = new()
    {
        ["GET /v1/staff/submissions/{reference}"] = null,
        ["HEAD /v1/staff/submissions/{reference}"] = null,
        ["DELETE /v1/staff/submissions/{reference}"] = null,
        ["PUT /v1/staff/submissions/{reference}/state"] = InboxApi.State("handled", "email"),
        ["PUT /v1/staff/submissions/{reference}/assignee"] = InboxApi.Assignee("me"),
        ["POST /v1/staff/submissions/{reference}/notes"] = InboxApi.Note("A note."),
    };

    [Fact]
    public async Task Each_operation_on_a_message_of_another_location_is_a_404_and_changes_nothing()
    {
        var operations = FindOperations(api).ToArray();
        Assert.True(operations.Length >= 5);
        var keys = new[]
        {
            key,
            await api.AdminKeyAsync(["paragould"]),
            await api.CreateKeyAsync([Api.Access.Role.Inbox, Api.Access.Role.Admin], locations: ["nowhere"]),
        };
        var before = await DumpAsync();
        foreach (var (method, route) in operations)
        {
            foreach (var caller in keys.Where(caller => caller != key || method != HttpMethod.Delete))
            {
                foreach (var tag in new[] { null, "\"1\"", "\"7\"", "*", "nonsense" })
                {
                    foreach (var reference in new[] { elsewhere, spamElsewhere, elsewhere.ToLowerInvariant() })
                    {
                        using var response = await api.SendAsync(
                            caller,
                            method,
                            route.Replace("{reference}", reference, StringComparison.Ordinal),
                            Bodies[$"{method} {route}"],
                            tag is null ? [] : [InboxApi.IfMatch(tag)]
                        );
                        Assert.Equal((route, 404), (route, (int)response.StatusCode));
                    }
                }
            }
        }
        Assert.Equal(before, await DumpAsync());
        // The same operations work where the key may.
        foreach (var (method, route) in operations.OrderBy(operation => operation.Method == HttpMethod.Delete))
        {
            using var response = await api.SendAsync(
                keys[1],
                method,
                route.Replace("{reference}", here, StringComparison.Ordinal),
                Bodies[$"{method} {route}"]
            );
            Assert.True(response.IsSuccessStatusCode, route);
        }
    }

    [Fact]
    public async Task A_confined_admin_erases_a_person_only_at_its_locations()
    {
        var admin = await api.AdminKeyAsync(["paragould"]);
        JsonAssert.Equal("""{ "erased": 2 }""", await api.PostAsync(admin, $"{InboxApi.Path}/erase", Sender));
        Assert.Equal(
            new[] { elsewhere, spamElsewhere }.Order(),
            (await api.RowsAsync<string>("SELECT reference FROM submissions")).Order()
        );
        Assert.Empty(await api.AuditAsync(elsewhere));
    }

    [Fact]
    public async Task A_key_for_a_location_that_does_not_exist_sees_nothing()
    {
        var nowhere = await api.CreateKeyAsync([Api.Access.Role.Admin], locations: ["nowhere"]);
        Assert.Empty((await api.GetAsync(nowhere, InboxApi.Path)).References());
        Assert.Empty((await api.GetAsync(nowhere, $"{InboxApi.Path}/counts"))["items"]!.AsArray());
        JsonAssert.Equal(
            """{ "overdueMessages": 0, "unreadSpam": 0, "failedDeliveries": 0, "unverifiedHours": [] }""",
            await api.GetAsync(nowhere, "/v1/staff/attention")
        );
        Assert.Empty((await api.PostAsync(nowhere, $"{InboxApi.Path}/search", Sender)).References());
        Assert.Empty((await api.PostAsync(nowhere, $"{InboxApi.Path}/export", Sender)).References("messages"));
        JsonAssert.Equal("""{ "erased": 0 }""", await api.PostAsync(nowhere, $"{InboxApi.Path}/erase", Sender));
        using var table = await api.SendAsync(nowhere, HttpMethod.Get, $"{InboxApi.Path}/export.csv");
        Assert.Single((await table.Content.ReadAsStringAsync()).Trim().Split("\r\n"));
    }
}
