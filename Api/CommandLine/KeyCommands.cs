using System.CommandLine;
using System.Globalization;
using System.Security.Cryptography;
using System.Text.RegularExpressions;
using Api.Access;
using Api.Audit;
using Api.Data;
using Api.Http;
using Api.Locations;
using NodaTime;
using NodaTime.Extensions;

namespace Api.CommandLine;

/// <summary>The commands about the keys of the staff's programs, for the operator.</summary>
static partial class KeyCommands
{
    const int LongestName = 100,
        LongestLifetimeDays = 3650;

    static readonly string[] Settings = ["Database:ConnectionString", "Database:Folder"];

    /// <summary>The names of the options of these commands.</summary>
    public static readonly IReadOnlyList<string> OptionNames = ["--name", "--role", "--location", "--expires"];

    public static Command Create(CommandRunner runner)
    {
        var name = new Option<string>("--name")
        {
            Description = "Who uses the key. The audit shows it.",
            Required = true,
        };
        var role = new Option<string[]>("--role")
        {
            Description = "What it allows. Repeat it for several.",
            Required = true,
        };
        role.AcceptOnlyFromAmong([.. Enum.GetValues<Role>().Select(Json.NameOf)]);
        var location = new Option<string[]>("--location")
        {
            Description = "The slug of a location that it is confined to. Repeat it for several. Without it: all.",
        };
        var expires = new Option<string?>("--expires")
        {
            Description = "After how many days it expires, like 90d. Without it: never.",
        };
        var id = new Argument<string>("id") { Description = "The id of the key, as keys list shows it." };
        return new Command("keys", "The keys with which programs of the staff sign in.")
        {
            runner.Create(
                "create",
                "Creates a key and prints it. It cannot be printed again.",
                new CommandHelp("--name \"Front desk\" --role inbox --location jonesboro --expires 90d", Settings),
                (app, parsed, ct) =>
                    CreateAsync(
                        app.Services,
                        new Request(
                            parsed.GetRequiredValue(name),
                            parsed.GetRequiredValue(role),
                            parsed.GetValue(location) ?? [],
                            parsed.GetValue(expires)
                        ),
                        Console.Out,
                        Console.Error,
                        ct
                    ),
                options: [name, role, location, expires]
            ),
            runner.Create(
                "list",
                "Lists the keys, with their last use. It cannot show the keys themselves.",
                new CommandHelp("", Settings),
                (app, _, ct) => ListAsync(app.Services, Console.Out, ct)
            ),
            runner.Create(
                "revoke",
                "Revokes a key. Every server refuses it within a second.",
                new CommandHelp("8f3a61c2", Settings),
                (app, parsed, ct) => RevokeAsync(app.Services, parsed.GetRequiredValue(id), Console.Out, ct),
                id
            ),
        };
    }

    /// <summary>What the caller of <c>keys create</c> asks for.</summary>
    public sealed record Request(string Name, string[] Roles, string[] Locations, string? Expires);

    /// <summary>Creates a key. The key is all that goes to standard output, so that a script can take it.</summary>
    public static async Task<int> CreateAsync(
        IServiceProvider services,
        Request request,
        TextWriter output,
        TextWriter remarks,
        CancellationToken ct
    )
    {
        Prepare(services);
        var name = request.Name.Trim();
        if (name.Length is 0 or > LongestName || name.Any(char.IsControl))
            throw new StartupFault($"The name must have 1 to {LongestName} characters, and no control characters.");
        await RequireLocationsAsync(services, request.Locations, ct);
        var now = services.GetRequiredService<TimeProvider>().GetCurrentInstant().ToStoredPrecision();
        var key = AccessKey.New();
        var stored = new StoredKey
        {
            Id = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(4)),
            Name = name,
            Roles = [.. request.Roles.Distinct()],
            Locations = request.Locations is [] ? null : [.. request.Locations.Distinct()],
            CreatedAt = now,
            ExpiresAt = request.Expires is { } lifetime ? now + ReadLifetime(lifetime) : null,
            LastUsedOn = null,
            RevokedAt = null,
        };
        await services.GetRequiredService<AccessKeyStore>().AddAsync(stored, AccessKey.Hash(key), Actor.Operator, ct);
        await remarks.WriteLineAsync(Describe(stored, now));
        await remarks.WriteLineAsync("Keep the key safe: only its hash is stored, so it cannot be shown again.");
        await output.WriteLineAsync(key);
        return 0;
    }

    static async Task RequireLocationsAsync(IServiceProvider services, string[] locations, CancellationToken ct)
    {
        var known = await services.GetRequiredService<LocationStore>().ListAsync(ct);
        if (locations.FirstOrDefault(slug => !known.ContainsKey(slug)) is { } unknown)
            throw new StartupFault($"There is no location {unknown}. There are {string.Join(", ", known.Keys)}.");
    }

    static Duration ReadLifetime(string text)
    {
        if (
            Days().Match(text) is { Success: true } match
            && int.TryParse(match.Groups[1].ValueSpan, CultureInfo.InvariantCulture, out var days)
            && days is >= 1 and <= LongestLifetimeDays
        )
            return Duration.FromDays(days);
        throw new StartupFault($"'{text}' is no lifetime: give a number of days from 1d to {LongestLifetimeDays}d.");
    }

    [GeneratedRegex("^([0-9]{1,5})d$")]
    private static partial Regex Days();

    /// <summary>Lists the keys.</summary>
    public static async Task<int> ListAsync(IServiceProvider services, TextWriter output, CancellationToken ct)
    {
        Prepare(services);
        var now = services.GetRequiredService<TimeProvider>().GetCurrentInstant();
        var keys = await services.GetRequiredService<AccessKeyStore>().ListAsync(ct);
        foreach (var key in keys)
            await output.WriteLineAsync(Describe(key, now));
        if (keys.Count == 0)
            await output.WriteLineAsync("There are no keys: keys create makes one.");
        return 0;
    }

    static string Describe(StoredKey key, Instant now)
    {
        string?[] parts =
        [
            key.Id,
            key.Name,
            string.Join(',', key.Roles),
            key.Locations is null ? "all locations" : string.Join(',', key.Locations),
            DescribeEnd(key, now),
            key.LastUsedOn is { } day ? $"last used {day:uuuu-MM-dd}" : "never used",
        ];
        return string.Join("  ", parts);
    }

    static string DescribeEnd(StoredKey key, Instant now)
    {
        if (key.RevokedAt is { } revoked)
            return $"revoked {revoked:uuuu-MM-dd'T'HH:mm:ss'Z'}";
        if (key.ExpiresAt is not { } end)
            return "never expires";
        return $"{(end <= now ? "expired" : "expires")} {end:uuuu-MM-dd'T'HH:mm:ss'Z'}";
    }

    /// <summary>Revokes a key.</summary>
    public static async Task<int> RevokeAsync(
        IServiceProvider services,
        string id,
        TextWriter output,
        CancellationToken ct
    )
    {
        Prepare(services);
        var now = services.GetRequiredService<TimeProvider>().GetCurrentInstant();
        if (!await services.GetRequiredService<AccessKeyStore>().RevokeAsync(id, now, Actor.Operator, ct))
            throw new StartupFault($"There is no key '{id}' that is not revoked yet: keys list shows the ids.");
        await output.WriteLineAsync($"{id} is revoked. A running server refuses it within a second.");
        return 0;
    }

    static void Prepare(IServiceProvider services)
    {
        services.GetRequiredService<Database>().RequireExisting();
        services.GetRequiredService<Migrator>().Migrate();
    }
}
