using System.Text;
using System.Text.Json.Nodes;
using Api.Access;
using Api.CommandLine;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Api.Tests.Access;

/// <summary>Keys: their form, the commands, and signing in with them.</summary>
public sealed class KeyTests
{
    const string Me = "/v1/staff/me";

    static async Task<int> SignInAsync(ApiFactory api, string key)
    {
        using var answer = await api.SendAsync(HttpMethod.Get, Me, ("Authorization", $"Bearer {key}"));
        return (int)answer.StatusCode;
    }

    static Task<(int ExitCode, string Output, string Errors)> RunAsync(ApiFactory api, params string[] args) =>
        Command.RunAsync(["keys", .. args, $"--Database:Folder={api.Folder.Path}", $"--Keys:Folder={api.Folder.Keys}"]);

    /// <summary>Creates a key as the command does, by the clock of the program.</summary>
    static async Task<(string Key, string Remarks)> CreateAsync(ApiFactory api, KeyCommands.Request request)
    {
        using var output = new StringWriter();
        using var remarks = new StringWriter();
        Assert.Equal(0, await KeyCommands.CreateAsync(api.App.Services, request, output, remarks, default));
        return (output.ToString().TrimEnd('\n'), remarks.ToString());
    }

    [Fact]
    [AnyEngine]
    public void A_key_has_a_recognisable_beginning_256_random_bits_and_a_checksum()
    {
        var keys = Enumerable.Range(0, 1000).Select(_ => AccessKey.New()).ToArray();
        Assert.All(keys, key => Assert.Matches("^clinic_[0-9a-f]{72}$", key));
        Assert.All(keys, key => Assert.True(AccessKey.IsWellFormed(key)));
        Assert.Equal(1000, keys.Select(key => key["clinic_".Length..][..64]).Distinct().Count());
        Assert.Equal(32, AccessKey.Hash(keys[0]).Length);
    }

    [Fact]
    [AnyEngine]
    public void Every_slip_of_a_single_character_is_noticed()
    {
        const string Characters = "0123456789abcdefABCDEF_-. é０";
        var key = AccessKey.New();
        for (var i = 0; i < key.Length; i++)
        {
            foreach (var character in Characters.Where(character => character != key[i]))
                Assert.False(AccessKey.IsWellFormed($"{key[..i]}{character}{key[(i + 1)..]}"), $"{i} {character}");
            Assert.False(AccessKey.IsWellFormed(key.Remove(i, 1)), $"without {i}");
            Assert.False(AccessKey.IsWellFormed(key.Insert(i, "0")), $"one more at {i}");
            if (i > 0 && key[i] != key[i - 1])
                Assert.False(AccessKey.IsWellFormed($"{key[..(i - 1)]}{key[i]}{key[i - 1]}{key[(i + 1)..]}"), $"{i}");
        }
        foreach (var wrong in new[] { "", "clinic_", key + "0", " " + key, key.ToUpperInvariant(), key + key })
            Assert.False(AccessKey.IsWellFormed(wrong));
    }

    [Fact]
    public async Task The_commands_create_list_and_revoke_a_key()
    {
        await using var api = await ApiFactory.StartAsync();
        var (exitCode, output, errors) = await RunAsync(
            api,
            ["create", "--name", "Front desk", "--role", "inbox", "--role", "content", "--location", "jonesboro"]
        );
        Assert.Equal(0, exitCode);
        var key = output.TrimEnd('\n');
        Assert.True(AccessKey.IsWellFormed(key));
        Assert.Matches(
            "^[0-9a-f]{8}  Front desk  inbox,content  jonesboro  never expires  never used\n"
                + "Keep the key safe: only its hash is stored, so it cannot be shown again\\.\n$",
            errors
        );
        var id = errors[..8];

        using var answer = await api.SendAsync(HttpMethod.Get, Me, ("Authorization", $"Bearer {key}"));
        Assert.Equal("no-store", answer.Headers.CacheControl!.ToString());
        JsonAssert.Equal(
            """
            {
              "name": "Front desk",
              "grants": [
                { "role": "inbox", "locations": ["jonesboro"] },
                { "role": "content", "locations": ["jonesboro"] }
              ],
              "expiresAt": null
            }
            """,
            JsonNode.Parse(await answer.Content.ReadAsStringAsync())
        );
        var listed = await RunAsync(api, "list");
        var line = $"{id}  Front desk  inbox,content  jonesboro  never expires  last used 2026-07-01\n";
        Assert.Equal((0, line, ""), listed);

        var revoked = await RunAsync(api, "revoke", id);
        Assert.Equal((0, $"{id} is revoked. A running server refuses it within a second.\n", ""), revoked);
        Assert.Matches(
            $"^{id}  Front desk  inbox,content  jonesboro  revoked 20[0-9T:-]+Z  last used 2026-07-01\n$",
            (await RunAsync(api, "list")).Output
        );
    }

    [Fact]
    public async Task Without_keys_the_list_says_how_to_make_one()
    {
        await using var api = await ApiFactory.StartAsync();
        Assert.Equal((0, "There are no keys: keys create makes one.\n", ""), await RunAsync(api, "list"));
    }

    [Theory]
    [InlineData("There is no location nowhere. There are ", "--location", "nowhere")]
    [InlineData("Argument 'boss' not recognized. Must be one of:", "--role", "boss")]
    [InlineData("'90' is no lifetime: give a number of days from 1d to 3650d.", "--expires", "90")]
    [InlineData("'0d' is no lifetime", "--expires", "0d")]
    [InlineData("'3651d' is no lifetime", "--expires", "3651d")]
    [InlineData("'-5d' is no lifetime", "--expires=-5d")]
    [InlineData("'1.5d' is no lifetime", "--expires", "1.5d")]
    [InlineData("'٣d' is no lifetime", "--expires", "٣d")]
    public async Task A_key_that_cannot_be_is_refused_in_one_sentence(string sentence, params string[] args)
    {
        await using var api = await ApiFactory.StartAsync();
        await RefusesAsync(api, sentence, ["create", "--name", "Front desk", "--role", "inbox", .. args]);
    }

    [Theory]
    [InlineData(" ")]
    [InlineData("Front\ndesk")]
    [InlineData("Front\u001b[31m")]
    [InlineData("{101 letters}")]
    public async Task A_name_that_cannot_be_is_refused_in_one_sentence(string name)
    {
        await using var api = await ApiFactory.StartAsync();
        if (name == "{101 letters}")
            name = new string('x', 101);
        const string Sentence = "The name must have 1 to 100 characters, and no control characters.";
        await RefusesAsync(api, Sentence, ["create", "--name", name, "--role", "inbox"]);
    }

    [Fact]
    public async Task A_key_that_is_not_there_cannot_be_revoked()
    {
        await using var api = await ApiFactory.StartAsync();
        const string Sentence = "that is not revoked yet: keys list shows the ids.";
        await RefusesAsync(api, $"There is no key '8f3a61c2' {Sentence}", ["revoke", "8f3a61c2"]);
        var key = await api.CreateKeyAsync([Role.Inbox]);
        await api.RevokeKeyAsync(key);
        var before = await api.DumpAsync("access_keys", "audit_entries");
        await RefusesAsync(api, $"There is no key '{key.Id}' {Sentence}", ["revoke", key.Id], keys: 1);
        Assert.Equal(before, await api.DumpAsync("access_keys", "audit_entries"));
    }

    static async Task RefusesAsync(ApiFactory api, string sentence, string[] args, int keys = 0)
    {
        var (exitCode, output, errors) = await RunAsync(api, args);
        Assert.Equal((1, ""), (exitCode, output));
        Assert.Contains(sentence, errors, StringComparison.Ordinal);
        Assert.Single(errors.Trim().Split('\n'));
        Assert.Equal(keys, await api.QueryAsync<long>("SELECT COUNT(*) FROM access_keys"));
    }

    [Fact]
    [SqliteOnly("On PostgreSQL the operator creates the database.")]
    public async Task The_commands_create_no_database()
    {
        using var folder = new TempFolder();
        var none = $"--Database:Folder={folder.File("none")}";
        foreach (var args in new[] { "list", "revoke x", "create --name x --role inbox" })
        {
            var (exitCode, output, errors) = await Command.RunAsync(["keys", .. args.Split(' '), none]);
            Assert.Equal((1, ""), (exitCode, output));
            Assert.Single(errors.Trim().Split('\n'));
        }
        Assert.False(Directory.Exists(folder.File("none")));
    }

    [Fact]
    public async Task A_key_works_until_the_instant_at_which_it_expires()
    {
        await using var api = await ApiFactory.StartAsync();
        var (key, remarks) = await CreateAsync(api, new("Export", ["admin"], [], "1d"));
        Assert.Contains(
            "  Export  admin  all locations  expires 2026-07-02T12:00:00Z  never used",
            remarks,
            StringComparison.Ordinal
        );
        using (var me = await api.SendAsync(HttpMethod.Get, Me, ("Authorization", $"Bearer {key}")))
            JsonAssert.Equal(
                """
                {
                  "name": "Export",
                  "grants": [{ "role": "admin", "locations": null }],
                  "expiresAt": "2026-07-02T12:00:00Z"
                }
                """,
                JsonNode.Parse(await me.Content.ReadAsStringAsync())
            );
        await api.AdvanceAsync(TimeSpan.FromDays(1) - TimeSpan.FromMilliseconds(1));
        Assert.Equal(200, await SignInAsync(api, key));
        // It is still remembered.
        await api.AdvanceAsync(TimeSpan.FromMilliseconds(1));
        Assert.Equal(401, await SignInAsync(api, key));
        using var list = new StringWriter();
        await KeyCommands.ListAsync(api.App.Services, list, default);
        Assert.Contains("expired 2026-07-02T12:00:00Z  last used 2026-07-02", $"{list}", StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_day_of_the_last_use_is_remembered_with_one_write_a_day()
    {
        await using var api = await ApiFactory.StartAsync();
        var key = await api.CreateKeyAsync([Role.Inbox]);
        Task<string?> LastUseAsync() =>
            api.QueryAsync<string?>("SELECT last_used_on FROM access_keys WHERE id = @Id", new { key.Id });
        Assert.Null(await LastUseAsync());
        Assert.Equal(200, await SignInAsync(api, key.Text));
        Assert.Equal("2026-07-01", await LastUseAsync());

        await api.ExecuteAsync("UPDATE access_keys SET last_used_on = '2026-07-01'");
        await using (await api.RefuseAsync("UPDATE ON access_keys"))
        {
            await api.AdvanceToAsync(new DateTimeOffset(2026, 7, 1, 23, 59, 59, TimeSpan.Zero));
            Assert.Equal(200, await SignInAsync(api, key.Text));
        }
        Assert.Equal("2026-07-01", await LastUseAsync());
        await api.AdvanceAsync(TimeSpan.FromSeconds(1));
        Assert.Equal(200, await SignInAsync(api, key.Text));
        Assert.Equal("2026-07-02", await LastUseAsync());
    }

    [Fact]
    public async Task A_refused_key_is_not_used()
    {
        await using var api = await ApiFactory.StartAsync();
        var expired = await api.CreateKeyAsync([Role.Inbox], lifetime: TimeSpan.Zero);
        var revoked = await api.CreateKeyAsync([Role.Inbox]);
        await api.RevokeKeyAsync(revoked);
        Assert.Equal(401, await SignInAsync(api, expired.Text));
        Assert.Equal(401, await SignInAsync(api, revoked.Text));
        Assert.Equal(2, await api.QueryAsync<long>("SELECT COUNT(*) FROM access_keys WHERE last_used_on IS NULL"));
    }

    [Fact]
    public async Task The_key_is_in_no_table_log_or_file()
    {
        await using var api = await ApiFactory.StartAsync(factory =>
        {
            factory.Settings.Add("--AccessLog:Enabled=true");
            factory.Configure = builder =>
                builder.Logging.SetMinimumLevel(LogLevel.Trace).AddFilter(null, LogLevel.Trace);
        });
        var (key, remarks) = await CreateAsync(api, new("Zzqdesk", ["admin"], [], null));
        Assert.Equal(200, await SignInAsync(api, key));
        // In which it would be if it were anywhere.
        Assert.Equal(404, (int)(await api.SendAsync(HttpMethod.Get, "/v1/x", Bearer(key))).StatusCode);
        Assert.Equal(200, (int)(await api.SendAsync(HttpMethod.Get, "/v1/staff/audit", Bearer(key))).StatusCode);
        Assert.Equal(401, await SignInAsync(api, key + "0"));
        using (Engine.Hide(api.Folder.Path))
        {
            await api.AdvanceAsync(TimeSpan.FromSeconds(2));
            await SignInAsync(api, key);
        }
        using var list = new StringWriter();
        await KeyCommands.ListAsync(api.App.Services, list, default);
        await KeyCommands.RevokeAsync(api.App.Services, remarks[..8], list, default);
        await api.AdvanceAsync(TimeSpan.FromSeconds(2));
        Assert.Equal(401, await SignInAsync(api, key));

        // The beginning of the secret, as text, and as the bytes that it stands for.
        var secret = key["clinic_".Length..][..16];
        Assert.DoesNotContain(secret, api.Log.Text + list + remarks, StringComparison.OrdinalIgnoreCase);
        Assert.Contains("Zzqdesk", api.Log.Text, StringComparison.Ordinal);
        var files = Engine.ReadFiles(api.Folder.Path);
        Assert.Contains(files, file => file.Value.AsSpan().IndexOf("Zzqdesk"u8) >= 0);
        foreach (var (file, bytes) in files)
        {
            Assert.True(bytes.AsSpan().IndexOf(Encoding.ASCII.GetBytes(secret)) < 0, file);
            Assert.True(bytes.AsSpan().IndexOf(Convert.FromHexString(secret)) < 0, file);
        }
    }

    static (string, string) Bearer(string key) => ("Authorization", $"Bearer {key}");

    [Fact]
    public async Task A_key_that_anybody_revokes_is_refused_a_second_later()
    {
        await using var api = await ApiFactory.StartAsync();
        var (here, there) = (await api.CreateKeyAsync([Role.Inbox]), await api.CreateKeyAsync([Role.Inbox]));
        Assert.Equal(200, await SignInAsync(api, here.Text));
        Assert.Equal(200, await SignInAsync(api, there.Text));
        // By this program, and by another one on the same database.
        await api.RevokeKeyAsync(here);
        Assert.Equal(0, (await RunAsync(api, "revoke", there.Id)).ExitCode);
        await api.AdvanceAsync(TimeSpan.FromSeconds(1));
        Assert.Equal(401, await SignInAsync(api, here.Text));
        Assert.Equal(401, await SignInAsync(api, there.Text));
    }

    [Fact]
    public async Task A_key_that_was_seen_within_a_second_needs_no_database()
    {
        await using var api = await ApiFactory.StartAsync();
        var key = await api.CreateKeyAsync([Role.Inbox]);
        Assert.Equal(200, await SignInAsync(api, key.Text));
        await api.ExecuteUnnoticedAsync("DELETE FROM access_keys");
        await api.AdvanceAsync(TimeSpan.FromMilliseconds(999));
        Assert.Equal(200, await SignInAsync(api, key.Text));
        await api.AdvanceAsync(TimeSpan.FromMilliseconds(1));
        Assert.Equal(401, await SignInAsync(api, key.Text));
    }

    [Fact]
    public async Task Where_the_database_cannot_be_read_a_key_is_neither_accepted_nor_refused()
    {
        await using var api = await ApiFactory.StartAsync();
        var key = await api.CreateKeyAsync([Role.Inbox]);
        using (Engine.Hide(api.Folder.Path))
        {
            using var answer = await api.SendAsync(HttpMethod.Get, Me, key.Header);
            // SQLite still reads a file that was moved away.
            if (Engine.IsPostgres)
                await JsonAssert.ProblemAsync(answer, 503, "busy");
            else
                Assert.Equal(200, (int)answer.StatusCode);
        }
        Assert.Equal(200, await SignInAsync(api, key.Text));
    }

    [Fact]
    public async Task Where_nothing_can_be_written_a_key_still_signs_in_and_its_use_is_remembered_later()
    {
        await using var api = await ApiFactory.StartAsync(factory =>
            factory.Settings.Add("--Database:WriteQueueCapacity=4")
        );
        var key = await api.CreateKeyAsync([Role.Inbox]);
        await using (await api.FillWithWritesAsync())
            Assert.Equal(200, await SignInAsync(api, key.Text));
        Assert.Null(await api.QueryAsync<string?>("SELECT last_used_on FROM access_keys"));
        await api.AdvanceAsync(TimeSpan.FromSeconds(1));
        Assert.Equal(200, await SignInAsync(api, key.Text));
        Assert.Equal("2026-07-01", await api.QueryAsync<string?>("SELECT last_used_on FROM access_keys"));
    }

    [Fact]
    public async Task Many_first_requests_with_a_key_at_once_are_all_answered()
    {
        await using var api = await ApiFactory.StartAsync();
        var key = await api.CreateKeyAsync([Role.Inbox]);
        var statuses = await Task.WhenAll(Enumerable.Range(0, 50).Select(_ => SignInAsync(api, key.Text)));
        Assert.All(statuses, status => Assert.Equal(200, status));
    }

    [Fact]
    [AnyEngine]
    public void The_role_of_one_grant_is_never_at_the_locations_of_another()
    {
        var caller = new Caller
        {
            Id = "user:x",
            Name = "x",
            Grants = [new Grant(Role.Inbox, ["jonesboro"]), new Grant(Role.Content, ["paragould"])],
            ExpiresAt = null,
        };
        Assert.Equal(["jonesboro"], caller.LocationsOf(Role.Inbox));
        Assert.Equal(["paragould"], caller.LocationsOf(Role.Content));
        Assert.False(caller.Has(Role.Admin));
        Assert.Equal([], caller.LocationsOf(Role.Admin));

        caller = caller with { Grants = [.. caller.Grants, new Grant(Role.Admin, ["ash-flat"])] };
        Assert.Equal(["ash-flat", "jonesboro"], caller.LocationsOf(Role.Inbox)!.Order());
        Assert.Equal(["ash-flat"], caller.LocationsOf(Role.Admin));

        caller = caller with { Grants = [.. caller.Grants, new Grant(Role.Inbox, null)] };
        Assert.Null(caller.LocationsOf(Role.Inbox));
        Assert.Equal(["ash-flat", "paragould"], caller.LocationsOf(Role.Content)!.Order());
        Assert.Equal(["ash-flat"], caller.LocationsOf(Role.Admin));
    }
}
