using System.Collections;
using System.Reflection;
using System.Runtime.CompilerServices;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace Api.Tests;

/// <summary>The file appsettings.json shows every setting with its default.</summary>
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
    [InlineData("Contact:MessageMaxLenght=10", "Contact:MessageMaxLenght is no setting of this program")]
    [InlineData("Contact:Limits:PerClient:Request=10", "Contact:Limits:PerClient:Request is no setting")]
    [InlineData("Webhooks:Endpoints:crm:Uri=https://x.example", "Webhooks:Endpoints:crm:Uri is no setting")]
    [InlineData("Keys:Certificates:0:Path=x.pfx", "Keys:Certificates:0:Path is no setting")]
    [InlineData("Site:HomeUrl=https://x.example", "Site:HomeUrl is no setting")]
    [InlineData("Site:Prefix:Value=/x", "Site:Prefix is no setting")]
    public async Task A_setting_that_does_nothing_is_a_mistake(string setting, string sentence)
    {
        using var folder = new TempFolder();
        var (exitCode, _, errors) = await Command.RunAsync($"--Database:Folder={folder.Path}", $"--{setting}");
        Assert.Equal(1, exitCode);
        Assert.Contains(sentence, errors, StringComparison.Ordinal);
        Assert.Single(errors.Trim().Split('\n'));
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
