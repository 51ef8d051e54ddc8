using System.Data.Common;
using System.Text.Json.Nodes;
using Api.Access;
using Api.Audit;
using Api.Tests.Access;
using Microsoft.Extensions.DependencyInjection;

namespace Api.Tests.Audit;

/// <summary>The audit: what is recorded, who may read it, and that nobody can change it.</summary>
public sealed class AuditTests
{
    const string Path = "/v1/staff/audit",
        TraceId = "4bf92f3577b34da6a3ce929d0e0e4736";

    static readonly (string, string) Trace = ("traceparent", $"00-{TraceId}-00f067aa0ba902b7-01");

    static AuditStore Store(ApiFactory api) => api.App.Services.GetRequiredService<AuditStore>();

    static Task RecordAsync(ApiFactory api, AuditAction action, string? reference = null, string actor = "key:1") =>
        Store(api)
            .RecordAsync(new Deed(new Actor(actor, "Front desk", ["inbox"], TraceId), action, reference), default);

    static Task<long> CountAsync(ApiFactory api) => api.QueryAsync<long>("SELECT COUNT(*) FROM audit_entries");

    static string[] Texts(JsonNode page, string member) =>
        [.. page["items"]!.AsArray().Select(item => (string)item![member]!)];

    [Fact]
    public async Task Key_events_refused_sign_ins_and_reading_the_audit_are_recorded()
    {
        await using var api = await ApiFactory.StartAsync();
        var admin = await api.CreateKeyAsync([Role.Admin], "Operations");
        var desk = await api.CreateKeyAsync([Role.Inbox], lifetime: TimeSpan.FromMinutes(1));
        await api.AdvanceAsync(TimeSpan.FromMinutes(1));
        Assert.Equal(401, (int)(await api.SendAsync(HttpMethod.Get, Path, desk.Header, Trace)).StatusCode);
        await api.RevokeKeyAsync(desk);
        await api.AdvanceAsync(TimeSpan.FromMinutes(1));
        Assert.Equal(401, (int)(await api.SendAsync(HttpMethod.Get, Path, desk.Header, Trace)).StatusCode);
        using (var wrong = await api.SendAsync(HttpMethod.Get, Path, ("Authorization", "Bearer Zzqwrong"), Trace))
            Assert.Equal(401, (int)wrong.StatusCode);
        using (var first = await api.SendAsync(admin, HttpMethod.Get, Path, null, Trace))
            Assert.Equal(200, (int)first.StatusCode);

        string Entry(string minute, string actor, string action, string? details, bool isAdmin = false) =>
            $$"""
                {
                  "at": "2026-07-01T12:0{{minute}}:00Z",
                  "actor": "{{actor}}",
                  "actorName": {{(isAdmin ? "\"Operations\"" : "null")}},
                  "roles": {{(isAdmin ? "[\"admin\"]" : "null")}},
                  "action": "{{action}}",
                  "reference": null,
                  "details": {{(details is null ? "null" : $"\"{details}\"")}},
                  "requestId": {{(actor == "operator" ? "null" : $"\"{TraceId}\"")}}
                }
                """;
        var page = await api.GetAsync(admin, Path);
        JsonAssert.Equal(
            $$"""
            {
              "items": [
                {{Entry("2", admin.Actor, "auditRead", null, isAdmin: true)}},
                {{Entry("2", "unknown", "signInRefused", "malformed")}},
                {{Entry("2", desk.Actor, "signInRefused", "revoked")}},
                {{Entry("1", "operator", "keyRevoked", desk.Actor)}},
                {{Entry("1", desk.Actor, "signInRefused", "expired")}},
                {{Entry("0", "operator", "keyCreated", desk.Actor)}},
                {{Entry("0", "operator", "keyCreated", admin.Actor)}}
              ],
              "nextCursor": null
            }
            """,
            page
        );
        Assert.DoesNotContain(
            "Zzqwrong",
            api.Log.Text + await api.DumpAsync("audit_entries"),
            StringComparison.Ordinal
        );
    }

    [Fact]
    public async Task The_commands_are_recorded_as_the_operator_s()
    {
        await using var api = await ApiFactory.StartAsync();
        string[] database = [$"--Database:Folder={api.Folder.Path}", $"--Keys:Folder={api.Folder.Keys}"];
        var created = await Command.RunAsync(["keys", "create", "--name", "Desk", "--role", "inbox", .. database]);
        var id = created.Errors[..8];
        await Command.RunAsync(["keys", "revoke", id, .. database]);
        await Command.RunAsync(["keys", "list", .. database]);
        Assert.Equal(
            [("operator", "keyCreated", $"key:{id}"), ("operator", "keyRevoked", $"key:{id}")],
            await api.RowsAsync<(string, string, string)>(
                "SELECT actor, action, details FROM audit_entries ORDER BY id"
            )
        );
    }

    [Fact]
    public async Task Filters_choose_entries()
    {
        await using var api = await ApiFactory.StartAsync();
        var admin = await api.CreateKeyAsync([Role.Admin]);
        await RecordAsync(api, AuditAction.SubmissionRead, "7K3Q-X9MZ-2TBV");
        api.Clock.Advance(TimeSpan.FromMinutes(1));
        await RecordAsync(api, AuditAction.NoteAdded, "7K3Q-X9MZ-2TBV", "user:ada+x");
        api.Clock.Advance(TimeSpan.FromMinutes(1));
        await RecordAsync(api, AuditAction.SubmissionRead, "2222-2222-2222", "user:ada+x");
        foreach (
            var (query, actions) in new[]
            {
                ("action=submissionRead", "submissionRead submissionRead"),
                ("action=submissionRead&limit=5", "submissionRead submissionRead"),
                ("reference=7k3q-x9mz-2tbv", "noteAdded submissionRead"),
                ("reference=7K3Q-X9MZ-2TBV&action=noteAdded", "noteAdded"),
                ("actor=user:ada%2Bx", "submissionRead noteAdded"),
                ("actor=user:ada", ""),
                ("actor=key:1&action=&reference=&from=&to=&cursor=", "submissionRead"),
                ("from=2026-07-01T12:01:00Z&to=2026-07-01T12:02:00Z", "noteAdded"),
                ("from=2026-07-01T07:01:00-05:00&to=2026-07-01T12:02:00.001Z", "submissionRead noteAdded"),
                ("from=2027-01-01T00:00:00Z", ""),
            }
        )
        {
            var page = await api.GetAsync(admin, $"{Path}?{query}");
            Assert.Equal(actions, string.Join(' ', Texts(page, "action").Where(action => action != "auditRead")));
        }
    }

    [Theory]
    [InlineData("action=nothing", 422, "action")]
    [InlineData("action=SubmissionRead", 422, "action")]
    [InlineData("limit=x", 400, "limit")]
    [InlineData("action=0", 422, "action")]
    [InlineData("action=99", 422, "action")]
    [InlineData("action=submissionRead,noteAdded", 422, "action")]
    [InlineData("from=yesterday", 422, "from")]
    [InlineData("to=2026-07-01", 422, "to")]
    [InlineData("limit=0", 422, "limit")]
    [InlineData("limit=101", 422, "limit")]
    [InlineData("reference=7K3Q-X9MZ-2TBV-2", 422, "reference")]
    [InlineData("actor=%00", 422, "actor")]
    public async Task A_wrong_filter_is_refused_and_no_reading_is_recorded(string query, int status, string parameter)
    {
        await using var api = await ApiFactory.StartAsync();
        var admin = await api.CreateKeyAsync([Role.Admin]);
        var problem = await api.GetAsync(admin, $"{Path}?{query}", status);
        Assert.Equal(parameter, (string?)problem["errors"]![0]!["parameter"]);
        Assert.Equal(1, await CountAsync(api));
    }

    [Fact]
    public async Task Pages_show_every_entry_once_although_reading_them_adds_entries()
    {
        await using var api = await ApiFactory.StartAsync();
        var admin = await api.CreateKeyAsync([Role.Admin]);
        for (var i = 10; i < 35; i++)
            await RecordAsync(api, AuditAction.SubmissionRead, $"2222-2222-22{i}");
        List<string> seen = [];
        var path = $"{Path}?limit=7";
        while (path is not null)
        {
            using var answer = await api.SendAsync(admin, HttpMethod.Get, path);
            var page = JsonNode.Parse(await answer.Content.ReadAsStringAsync())!;
            seen.AddRange(
                Texts(page, "action").Zip(page["items"]!.AsArray(), (action, item) => $"{item!["reference"]}")
            );
            var cursor = (string?)page["nextCursor"];
            Assert.Equal(cursor is not null, answer.Headers.Contains("Link"));
            path = cursor is null ? null : answer.Headers.GetValues("Link").Single().Split('<', '>')[1];
        }
        // The last one is of the key.
        Assert.Equal([.. Enumerable.Range(10, 25).Reverse().Select(i => $"2222-2222-22{i}"), ""], seen);
    }

    [Fact]
    public async Task A_cursor_is_for_its_filters_only()
    {
        await using var api = await ApiFactory.StartAsync();
        var admin = await api.CreateKeyAsync([Role.Admin]);
        for (var i = 0; i < 3; i++)
            await RecordAsync(api, AuditAction.SubmissionRead);
        var cursor = (string?)(await api.GetAsync(admin, $"{Path}?limit=1&action=submissionRead"))["nextCursor"];
        await api.GetAsync(admin, $"{Path}?limit=1&action=submissionRead&cursor={cursor}");
        var problem = await api.GetAsync(admin, $"{Path}?limit=1&cursor={cursor}", 400);
        Assert.Equal("/problems/invalid-cursor", (string?)problem["type"]);
    }

    [Fact]
    public async Task Only_an_admin_of_all_locations_reads_it()
    {
        await using var api = await ApiFactory.StartAsync();
        foreach (
            var (roles, locations, status) in new (Role[], string[]?, int)[]
            {
                ([Role.Inbox, Role.Content], null, 403),
                ([Role.Admin], ["jonesboro", "paragould", "ash-flat"], 403),
                ([Role.Admin], null, 200),
            }
        )
        {
            var key = await api.CreateKeyAsync(roles, locations: locations);
            Assert.Equal(status, (int)(await api.SendAsync(key, HttpMethod.Get, Path)).StatusCode);
        }
    }

    [Fact]
    public async Task Nobody_changes_an_entry_or_deletes_a_young_one()
    {
        await using var api = await ApiFactory.StartAsync();
        await AddAsync(api, keepUntil: "2199-01-01T00:00:00.000Z");
        await AddAsync(api, keepUntil: "2020-01-01T00:00:00.000Z");
        var before = await api.DumpAsync("audit_entries");
        await RefusesAsync("UPDATE audit_entries SET actor = 'x'", "cannot be changed");
        await RefusesAsync("UPDATE audit_entries SET keep_until = '2000-01-01T00:00:00.000Z'", "cannot be changed");
        await RefusesAsync("DELETE FROM audit_entries", "is kept until");
        await RefusesAsync("DELETE FROM audit_entries WHERE keep_until > '2100'", "is kept until");
        if (Engine.IsPostgres)
            await RefusesAsync("TRUNCATE audit_entries", "cannot be changed");
        Assert.Equal(before, await api.DumpAsync("audit_entries"));
        Assert.Equal(1, await api.ExecuteUnnoticedAsync("DELETE FROM audit_entries WHERE keep_until < '2100'"));

        async Task RefusesAsync(string sql, string reason)
        {
            var fault = await Assert.ThrowsAnyAsync<DbException>(() => api.ExecuteUnnoticedAsync(sql));
            Assert.Contains(reason, fault.Message, StringComparison.Ordinal);
        }
    }

    static Task AddAsync(ApiFactory api, string keepUntil, int count = 1) =>
        api.ExecuteUnnoticedAsync(
            $"""
            WITH RECURSIVE numbers (value) AS (
                SELECT 1 UNION ALL SELECT value + 1 FROM numbers WHERE value < {count}
            )
            INSERT INTO audit_entries (at, actor, action, keep_until)
            SELECT '2019-01-01T00:00:00.000Z', 'operator', 'keyCreated', '{keepUntil}' FROM numbers
            """
        );

    [Fact]
    public async Task Entries_whose_time_is_over_are_deleted()
    {
        await using var api = await ApiFactory.StartAsync();
        await AddAsync(api, "2020-01-01T00:00:00.000Z", count: 1200);
        await AddAsync(api, "2199-01-01T00:00:00.000Z");
        const string Line = "1200 entries of the audit were deleted: their time is over";
        using var patience = new CancellationTokenSource(TimeSpan.FromMinutes(1));
        // The program may still be starting.
        while (!api.Log.Text.Contains(Line, StringComparison.Ordinal))
        {
            api.Clock.Advance(TimeSpan.FromHours(1));
            await Task.Delay(5, patience.Token);
        }
        Assert.Equal(1, await CountAsync(api));
    }

    [Theory]
    [InlineData(null, "2027-07-01T12:00:00.000Z")]
    [InlineData("30", "2026-07-31T12:00:00.000Z")]
    public async Task An_entry_is_kept_for_a_year_or_as_long_as_the_settings_say(string? days, string keepUntil)
    {
        await using var api = await ApiFactory.StartAsync(factory =>
        {
            if (days is not null)
                factory.Settings.Add($"--Audit:RetentionDays={days}");
        });
        await RecordAsync(api, AuditAction.SubmissionRead);
        Assert.Equal(keepUntil, await api.QueryAsync<string>("SELECT keep_until FROM audit_entries"));
    }

    [Fact]
    public async Task Each_entry_is_a_line_of_the_log()
    {
        await using var api = await ApiFactory.StartAsync();
        await RecordAsync(api, AuditAction.SubmissionRead, "7K3Q-X9MZ-2TBV");
        var key = await api.CreateKeyAsync([Role.Inbox]);
        Assert.Contains(
            "Information submissionRead by key:1, name Front desk, roles inbox, reference 7K3Q-X9MZ-2TBV, details -, "
                + $"trace {TraceId}",
            api.Log.Text,
            StringComparison.Ordinal
        );
        Assert.Contains(
            $"Information keyCreated by operator, name -, roles -, reference -, details {key.Actor}, trace -",
            api.Log.Text,
            StringComparison.Ordinal
        );
    }

    [Fact]
    public async Task A_change_and_its_entry_are_stored_together_or_not_at_all()
    {
        await using var api = await ApiFactory.StartAsync();
        var key = await api.CreateKeyAsync([Role.Inbox]);
        var before = await api.DumpAsync("access_keys", "audit_entries");
        var log = api.Log.Text;
        // Without the entry ...
        await using (await api.RefuseAsync("INSERT ON audit_entries"))
        {
            await Assert.ThrowsAnyAsync<DbException>(() => api.CreateKeyAsync([Role.Inbox]));
            await Assert.ThrowsAnyAsync<DbException>(() => api.RevokeKeyAsync(key));
            Assert.Equal(
                500,
                (int)(await api.SendAsync(HttpMethod.Get, Path, ("Authorization", "Bearer x"))).StatusCode
            );
        }
        // ... and without the change.
        await using (await api.RefuseAsync("INSERT ON access_keys"))
            await Assert.ThrowsAnyAsync<DbException>(() => api.CreateKeyAsync([Role.Inbox]));
        Assert.Equal(before, await api.DumpAsync("access_keys", "audit_entries"));
        Assert.DoesNotMatch("(keyCreated|keyRevoked|signInRefused) by", api.Log.Text[log.Length..]);
    }

    [Fact]
    public async Task The_audit_is_not_shown_to_somebody_whose_reading_cannot_be_recorded()
    {
        await using var api = await ApiFactory.StartAsync();
        var admin = await api.CreateKeyAsync([Role.Admin], "Zzqname");
        await api.GetAsync(admin, Path);
        await using (await api.RefuseAsync("INSERT ON audit_entries"))
        {
            using var answer = await api.SendAsync(admin, HttpMethod.Get, Path);
            Assert.Equal(500, (int)answer.StatusCode);
            Assert.DoesNotContain("Zzqname", await answer.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task The_history_of_a_message_is_oldest_first_and_leaves_out_who_has_read_it()
    {
        await using var api = await ApiFactory.StartAsync();
        await RecordAsync(api, AuditAction.SubmissionRead, "7K3Q-X9MZ-2TBV");
        await RecordAsync(api, AuditAction.SubmissionRead, "2222-2222-2222");
        await RecordAsync(api, AuditAction.NoteAdded, "7K3Q-X9MZ-2TBV");
        await RecordAsync(api, AuditAction.StateChanged, "7K3Q-X9MZ-2TBV");
        var history = await api.Database.ReadAsync(
            connection => AuditStore.FindHistoryAsync(connection, "7K3Q-X9MZ-2TBV"),
            default
        );
        Assert.Equal([AuditAction.NoteAdded, AuditAction.StateChanged], history.Select(entry => entry.Action));
    }
}
