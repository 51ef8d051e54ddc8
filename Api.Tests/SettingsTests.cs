using System.Collections;
using System.Reflection;
using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Api.CommandLine;
using Api.Data;
using Api.Data.Sqlite;
using Api.Seed;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Api.Tests;

/// <summary>The file appsettings.json shows every setting with its default.</summary>
[AnyEngine]
public sealed class SettingsTests
{
    // Texts for a clinic to change. They have a value in the file and none in the code.
    static readonly string[] Samples = ["Contact:Notices"];

    static readonly JsonNode File = ReadFile();

    static JsonNode ReadFile([CallerFilePath] string here = "")
    {
        var file = Path.Combine(Path.GetDirectoryName(here)!, "..", "Api", "appsettings.json");
        var comments = new JsonDocumentOptions { CommentHandling = JsonCommentHandling.Skip };
        return JsonNode.Parse(System.IO.File.ReadAllText(file), null, comments)!;
    }

    /// <summary>The options classes that the program binds to a section of the configuration.</summary>
    public static TheoryData<string, Type> Sections
    {
        get
        {
            var app = Program.Compose([], builder => builder.Services.AddSingleton(builder.Services));
            var options = app
                .Services.GetRequiredService<IServiceCollection>()
                .Select(service => service.ServiceType)
                .Where(type => type.IsGenericType && type.GetGenericTypeDefinition() == typeof(IConfigureOptions<>))
                .Select(type => type.GenericTypeArguments[0])
                .Where(type => type.Assembly == typeof(Program).Assembly)
                .Distinct();
            return [.. options.Select(type => (FindSection(type), type))];
        }
    }

    static string FindSection(Type options) =>
        options.Name switch
        {
            "OriginSettings" => "Cors",
            "ProxySettings" => "Proxies",
            "WebhookOptions" => "Webhooks",
            var name => name.Replace("Options", "", StringComparison.Ordinal),
        };

    [Fact]
    public void There_are_sections() => Assert.True(Sections.Count >= 8);

    [Theory]
    [MemberData(nameof(Sections), DisableDiscoveryEnumeration = true)]
    public void The_file_names_every_setting_with_its_default(string section, Type options) =>
        AssertDefaults(section, Activator.CreateInstance(options)!, Assert.IsType<JsonObject>(File[section]));

    static void AssertDefaults(string section, object defaults, JsonObject written)
    {
        var properties = defaults.GetType().GetProperties(BindingFlags.Public | BindingFlags.Instance);
        foreach (var property in properties.Where(IsSetting))
        {
            var key = $"{section}:{property.Name}";
            var isThere = written.TryGetPropertyValue(property.Name, out var value);
            Assert.True(isThere, $"appsettings.json does not name {key}.");
            if (Samples.Contains(key))
                continue;
            switch (property.GetValue(defaults))
            {
                case null:
                    Assert.True(value is null, $"{key} has no default.");
                    break;
                case string or ValueType:
                    Assert.Equal($"{property.GetValue(defaults)}", $"{value}", ignoreCase: true);
                    break;
                case IEnumerable items:
                    Assert.Empty(items);
                    var isEmpty = value is JsonArray { Count: 0 } or JsonObject { Count: 0 };
                    Assert.True(isEmpty, $"{key} is empty by default.");
                    break;
                case var group:
                    AssertDefaults(key, group!, value!.AsObject());
                    break;
            }
        }
    }

    // A collection without a setter is filled in place.
    static bool IsSetting(PropertyInfo property)
    {
        var isCollection =
            property.PropertyType != typeof(string) && property.PropertyType.IsAssignableTo(typeof(IEnumerable));
        return isCollection || property.SetMethod is { IsPublic: true };
    }

    [Theory]
    [InlineData("Nonsense:Foo=1", "Nonsense is no setting of this program: *. Its sections are *Contact*.")]
    [InlineData("nonsense=1", "nonsense is no setting of this program: *")]
    [InlineData(
        "Contact:MessageMaxLenght=10",
        "Contact:MessageMaxLenght is no setting of this program: *MessageMaxLength*"
    )]
    [InlineData("Contact:Limits:PerClient:Request=10", "Contact:Limits:PerClient:Request is no setting *")]
    [InlineData("Contact:MessageMaxLength:x=10", "Contact:MessageMaxLength:x is no setting *")]
    [InlineData("Webhooks:Endpoints:crm:Uri=https://x.example", "Webhooks:Endpoints:crm:Uri is no setting *")]
    [InlineData("Keys:Certificates:0:Path=x.pfx", "Keys:Certificates:0:Path is no setting *")]
    [InlineData("Seed:Path=x", "Seed:Path is no setting *")]
    [InlineData("Site:HomeUrl=https://x.example", "Site:HomeUrl is no setting *")]
    [InlineData("Site:Prefix:Value=/x", "Site:Prefix is no setting *")]
    [InlineData("Contact:Limits=5", "Contact:Limits is not a single value: set Contact:Limits:PerClient, *")]
    [InlineData("Contact:Notices=x", "Contact:Notices is not a single value: set Contact:Notices:NAME:Emergency, *")]
    [InlineData("Keys:Certificates=x.pfx", "Keys:Certificates is not a single value: set Keys:Certificates:0:File, *")]
    [InlineData("Mail:Recipients=a@example.com", "Mail:Recipients is not a single value: set Mail:Recipients:NAME.")]
    [InlineData(
        "Webhooks:Endpoints=hidden",
        "Webhooks:Endpoints is not a single value: set Webhooks:Endpoints:NAME:Url, *"
    )]
    [InlineData(
        "Database:WriteQueueCapacity=0",
        "Database:WriteQueueCapacity is 0: set it to a whole number from 1 to 1000000."
    )]
    [InlineData("Keys:Folder=", "Keys:Folder is '': set it to the folder of the keys.")]
    [InlineData("Site:ApiUrl=clinic.example", "Site:ApiUrl is 'clinic.example': set it to an absolute URL like *.")]
    [InlineData("Site:ApiUrl=ftp://x", "Site:ApiUrl is 'ftp://x': set it to an absolute URL like *.")]
    [InlineData(
        "Site:ArticleUrl=https://x.example/a",
        "Site:ArticleUrl is 'https://x.example/a': set it to * {slug} *."
    )]
    [InlineData("Site:FeedTitle=", "Site:FeedTitle is '': set it to a text.")]
    [InlineData(
        "Contact:MessageMaxLength=0",
        "Contact:MessageMaxLength is 0: set it to a whole number from 1 to 16000."
    )]
    [InlineData("Contact:MessageMaxLength=", "Contact:MessageMaxLength is '': set it to a whole number of *.")]
    [InlineData("Contact:IdempotencyHours=-1", "Contact:IdempotencyHours is -1: set it to a number above 0 *.")]
    [InlineData("Contact:MinimumSeconds=soon", "Contact:MinimumSeconds is 'soon': set it to a number.")]
    [InlineData(
        "Contact:Retention:HandledDays=-1",
        "Contact:Retention:HandledDays is -1: set it to a number of days from 0 to 36500."
    )]
    [InlineData(
        "Contact:Retention:SpamDays=36501",
        "Contact:Retention:SpamDays is 36501: set it to a number of days from 0 to 36500."
    )]
    [InlineData(
        "Contact:Retention:SpamDays=0.5",
        "Contact:Retention:SpamDays is '0.5': set it to a whole number of at most 2147483647."
    )]
    [InlineData(
        "Contact:VerifyHoursDays=-1",
        "Contact:VerifyHoursDays is -1: set it to a number of days from 0 to 36500."
    )]
    [InlineData(
        "Contact:Limits:PerClient:WindowSeconds=0",
        "Contact:Limits:PerClient:WindowSeconds is 0: set it to 1 or more."
    )]
    [InlineData(
        "Contact:Challenge:Mode=on",
        "Contact:Challenge:Mode is 'on': set it to one of Off, Optional, Required."
    )]
    [InlineData("Contact:Redirects:Success=https://x.example", "Contact:Redirects:Failure is not set: set it to *.")]
    [InlineData(
        "Contact:Notices:fr:Emergency=x",
        "Contact:Notices:fr is for a language that the program does not have: use en or es."
    )]
    [InlineData("Mail:Acknowledge=maybe", "Mail:Acknowledge is 'maybe': set it to true or false.")]
    [InlineData("Mail:Port=0", "Mail:Port is 0: set it to a whole number from 1 to 65535.")]
    [InlineData("Mail:Link=nonsense", "Mail:Link is 'nonsense': set it to an absolute http or https URL, *.")]
    [InlineData("Mail:From=website", "Mail:From is 'website': set it to the address *.")]
    [InlineData(
        "Mail:Recipients:jonesboro=nobody",
        "Mail:Recipients:jonesboro is 'nobody': set it to e-mail addresses *."
    )]
    [InlineData(
        "Mail:Recipients:nowhere:0=a@example.com",
        "Mail:Recipients:nowhere is for a location that does not exist: use ash-flat, jonesboro, paragould, *, or *."
    )]
    [InlineData("Cors:Origins:0=localhost:5173", "Cors:Origins has 'localhost:5173', which is no origin like *.")]
    [InlineData("Cors:Origins=www.example.com", "Cors:Origins has 'www.example.com', which is no origin like *.")]
    [InlineData("Proxies:Known=nginx", "Proxies:Known has 'nginx', which is neither an IP address nor a network *.")]
    [InlineData("Urls=localhost", "Urls is 'localhost': set it to addresses like http://localhost:5080.")]
    [InlineData(
        "Logging:LogLevel:Default=Loud",
        "Logging:LogLevel:Default is 'Loud': set it to one of Trace, Debug, *."
    )]
    [InlineData("contentRoot=/nowhere", "contentRoot is '/nowhere': set it to the folder of appsettings.json.")]
    public async Task A_wrong_setting_stops_the_start_with_one_sentence(string setting, string sentence)
    {
        using var folder = new TempFolder();
        await PreparedDatabase.Seeded.CopyToAsync(folder.Path);
        var fault = await Assert.ThrowsAnyAsync<Exception>(() => StartAsync(folder, [$"--{setting}"]));
        Assert.Matches($"^{Pattern(sentence)}$", Faults.Describe(fault));
    }

    [Theory]
    [InlineData("Database:Folder is '': set it to the folder of the database.", "--Database:Folder=")]
    [InlineData(
        "Database:ConnectionString and Database:Folder /data are both set, and name two databases: remove one of them.",
        "--Database:Folder=/data",
        "--Database:ConnectionString=Host=db.example.com;Password=secret"
    )]
    [InlineData(
        "Database:ConnectionString cannot be understood: set it to one like Host=db.example.com;Database=clinic;Username=clinic.",
        "--Database:ConnectionString=Hos=db.example.com;Password=secret"
    )]
    [InlineData(
        "Database:ConnectionString cannot be understood: set it to one like Host=db.example.com;Database=clinic;Username=clinic.",
        "--Database:ConnectionString=Host=db.example.com;Port=abc;Password=secret"
    )]
    [InlineData(
        "Database:ConnectionString cannot be understood: set it to one like Host=db.example.com;Database=clinic;Username=clinic.",
        "--Database:ConnectionString=Database=clinic;Password=secret"
    )]
    [InlineData(
        "Database:ConnectionString cannot be understood: set it to one like Host=db.example.com;Database=clinic;Username=clinic.",
        "--Database:ConnectionString=host;'secret"
    )]
    public async Task A_database_needs_a_folder_or_a_connection_string(string sentence, params string[] settings)
    {
        using var folder = new TempFolder();
        await using var app = Program.Compose([.. settings, $"--Keys:Folder={folder.Keys}"]);
        var fault = await Assert.ThrowsAnyAsync<Exception>(() => Startup.StartAsync(app));
        Assert.Equal(sentence, fault.Message);
    }

    [Fact]
    public async Task The_folder_may_be_empty_when_there_is_a_connection_string()
    {
        await using var app = Program.Compose([
            "--Database:Folder=",
            "--Database:ConnectionString=Host=/nowhere;Database=clinic",
        ]);
        var fault = await Assert.ThrowsAsync<StartupFault>(() => Startup.StartAsync(app));
        Assert.StartsWith("The database clinic on /nowhere cannot be opened", fault.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Mail:Port=")]
    [InlineData("Mail:Recipients:JONESBORO=a@example.com")]
    [InlineData("Mail:Recipients:*=a@example.com")]
    [InlineData("Site:ApiUrl=https://www.example.com/api/")]
    [InlineData("Cors:Origins=https://www.example.com/")]
    [InlineData("Proxies:Known=127.0.0.1")]
    [InlineData("Contact:Notices:ES:Privacy=x")]
    [InlineData("Logging:LogLevel:Default=none")]
    public async Task What_people_write_into_the_environment_is_accepted(string setting)
    {
        using var folder = new TempFolder();
        await PreparedDatabase.Seeded.CopyToAsync(folder.Path);
        await StartAsync(folder, [$"--{setting}"]);
    }

    static string Pattern(string sentence) => Regex.Escape(sentence).Replace(@"\*", ".*", StringComparison.Ordinal);

    static async Task StartAsync(TempFolder folder, string[] settings)
    {
        string[] usual =
        [
            $"--Database:Folder={folder.Path}",
            $"--Keys:Folder={folder.Keys}",
            "--Urls=http://127.0.0.1:0",
        ];
        await using var app = Program.Compose(
            Engine.Translate([.. usual, .. settings]),
            builder => builder.Logging.ClearProviders()
        );
        await Startup.StartAsync(app);
    }

    [Theory]
    [InlineData("""{ "Site": { "ApiUrl": null } }""", "Site:ApiUrl is null: set it to a text or remove it.")]
    [InlineData(
        """{ "Contact": { "MaximumLinks": null } }""",
        "Contact:MaximumLinks is null: set it to a whole number of at most 2147483647 or remove it."
    )]
    [InlineData("""{ "Sit": { } }""", "Sit is no setting of this program: *")]
    [InlineData("{\n nonsense", "Failed to load configuration from file '*appsettings.json'. Correct it near line 2.")]
    public async Task A_mistake_in_the_file_stops_the_start_with_one_sentence(string file, string sentence)
    {
        using var folder = new TempFolder();
        System.IO.File.WriteAllText(folder.File("appsettings.json"), file);
        var (exitCode, _, errors) = await Command.RunAsync("migrate", $"--contentRoot={folder.Path}");
        Assert.Equal(1, exitCode);
        Assert.Matches($"^{Pattern(sentence)}\n$", errors);
    }

    [Fact]
    [SqliteOnly("The database's folder")]
    public async Task Relative_paths_in_settings_begin_at_the_folder_of_the_file()
    {
        using var folder = new TempFolder();
        using (var key = RSA.Create())
        {
            var request = new CertificateRequest("CN=clinic", key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
            using var certificate = request.CreateSelfSigned(DateTimeOffset.UnixEpoch, DateTimeOffset.MaxValue);
            System.IO.File.WriteAllBytes(folder.File("clinic.pfx"), certificate.Export(X509ContentType.Pkcs12));
        }
        await using var app = Program.Compose([
            $"--contentRoot={folder.Path}",
            "--Database:Folder=data",
            "--Keys:Folder=keys",
            "--Keys:Certificates:0:File=clinic.pfx",
            "--Seed:Folder=content",
        ]);
        Assert.Equal(folder.File("data/clinic.db"), app.Services.GetRequiredService<SqliteDatabase>().File);
        Assert.Equal(folder.File("keys"), app.Services.GetRequiredService<Keys>().Folder);
        Assert.Equal(folder.File("content"), Startup.FindSeed(app));
        app.Services.GetRequiredService<IOptions<SeedOptions>>().Value.Folder = null;
        Assert.Equal(SeedFolder.Default, Startup.FindSeed(app));
    }

    [Theory]
    [InlineData(null, "http://localhost:5080")]
    [InlineData("urls=http://localhost:7000", "http://localhost:7000")]
    [InlineData("http_ports=8080", null)]
    [InlineData("https_ports=8443", null)]
    [InlineData("Kestrel:Endpoints:Web:Url=http://localhost:7000", null)]
    public async Task It_listens_where_it_is_told_else_at_the_default_address(string? setting, string? urls)
    {
        await using var app = Program.Compose(setting is null ? [] : [$"--{setting}"]);
        Assert.Equal(urls, app.Configuration["urls"]);
    }

    [Fact]
    public void Every_setting_that_the_operators_guide_names_is_in_the_file()
    {
        var guide = System.IO.File.ReadAllText(OperatingFile());
        var named = Regex
            .Matches(guide, @"`([A-Z]\w+(?::[A-Z]\w+)+)`")
            .Select(match => match.Groups[1].Value)
            // The framework's, and there by choice only.
            .Where(key => !key.StartsWith("Authentication:", StringComparison.Ordinal))
            .ToHashSet();
        Assert.True(named.Count > 30);
        Assert.All(named, key => Assert.True(IsInFile(key.Split(':')), $"appsettings.json does not name {key}."));

        static string OperatingFile([CallerFilePath] string here = "") =>
            Path.Combine(Path.GetDirectoryName(here)!, "..", "Api", "OPERATING.md");

        static bool IsInFile(string[] path)
        {
            var section = File;
            foreach (var name in path.SkipLast(1))
                section = section?[name];
            return section is JsonObject members && members.ContainsKey(path[^1]);
        }
    }
}
