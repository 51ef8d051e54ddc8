using ArchUnitNET.Domain;
using ArchUnitNET.Fluent;
using ArchUnitNET.Loader;
using ArchUnitNET.xUnitV3;
using static ArchUnitNET.Fluent.ArchRuleDefinition;

namespace Api.Tests;

/// <summary>Which part of the program may depend on which.</summary>
[AnyEngine]
public sealed class ArchitectureTests
{
    static readonly Architecture Program = new ArchLoader().LoadAssembly(typeof(StartupFault).Assembly).Build();

    static readonly string[] Features =
    [
        "Access",
        "Audit",
        "Articles",
        "Locations",
        "Hours",
        "Formats",
        "Contact",
        "Outbox",
    ];

    /// <summary>Each part with the parts that it may use, besides the root namespace and itself.</summary>
    public static TheoryData<string, string[]> Parts =>
        new()
        {
            { "Data", [] },
            { "Http", ["Data"] },
            { "Audit", ["Data", "Http"] },
            { "Access", ["Data", "Http", "Audit"] },
            { "Hours", ["Data", "Http"] },
            { "Articles", ["Data", "Http"] },
            { "Outbox", ["Data", "Http"] },
            { "Locations", ["Data", "Http", "Hours"] },
            { "Formats", ["Data", "Http", "Articles", "Locations", "Hours"] },
            { "Contact", ["Data", "Http", "Audit", "Access", "Locations", "Hours", "Outbox"] },
        };

    [Theory, MemberData(nameof(Parts))]
    public void A_part_uses_only_the_parts_that_it_may_use(string part, string[] allowed)
    {
        string[] all = [.. Features, "Data", "Http", "Seed", "CommandLine"];
        foreach (var other in all.Except([part, .. allowed]))
            Never(part, other).Check(Program);
    }

    [Fact]
    public void Every_part_has_its_rule()
    {
        var parts = Program
            .Namespaces.Select(space => space.FullName.Split('.'))
            .Where(names => names is ["Api", _, ..])
            .Select(names => names[1])
            .Distinct();
        string[] mayUseEverything = ["Seed", "CommandLine"];
        Assert.Equal(Parts.Select(row => row.Data.Item1).Concat(mayUseEverything).Order(), parts.Order());
    }

    [Fact]
    public void Only_the_program_uses_the_seed_and_the_command_line()
    {
        foreach (var part in Features.Concat(["Data", "Http"]))
        {
            Never(part, "Seed").Check(Program);
            Never(part, "CommandLine").Check(Program);
        }
    }

    [Fact]
    public void Features_and_Http_see_the_database_without_its_engine()
    {
        foreach (var part in Features.Append("Http"))
        {
            Never(part, @"Data\.Sqlite").Check(Program);
            Never(part, @"Data\.Postgres").Check(Program);
        }
    }

    [Fact]
    public void Only_Data_knows_the_engines()
    {
        Types()
            .That()
            .DoNotResideInNamespaceMatching(@"^Api\.Data(\.|$)")
            .And()
            .ResideInNamespaceMatching(@"^Api(\.|$)")
            .Should()
            .NotDependOnAnyTypesThat()
            .ResideInNamespaceMatching(@"^(Microsoft\.Data\.Sqlite|SQLitePCL|Npgsql)(\.|$)")
            .Check(Program);
    }

    static IArchRule Never(string part, string other) =>
        Types()
            .That()
            .ResideInNamespaceMatching($@"^Api\.{part}(\.|$)")
            .Should()
            .NotDependOnAnyTypesThat()
            .ResideInNamespaceMatching($@"^Api\.{other}(\.|$)")
            .WithoutRequiringPositiveResults();
}
