using System.Reflection;
using Xunit.v3;

namespace Api.Tests;

/// <summary>
/// Tests what only SQLite has. <c>--filter-not-trait Engine=sqlite</c> leaves it out; on PostgreSQL it is skipped.
/// </summary>
[AttributeUsage(AttributeTargets.Class | AttributeTargets.Method)]
sealed class SqliteOnlyAttribute(string reason) : BeforeAfterTestAttribute, ITraitAttribute
{
    public string Reason => reason;

    public IReadOnlyCollection<KeyValuePair<string, string>> GetTraits() => [new("Engine", "sqlite")];

    public override void Before(MethodInfo methodUnderTest, IXunitTest test) =>
        Assert.SkipWhen(Engine.IsPostgres, $"SQLite only: {reason}");
}

/// <summary>
/// Takes long and tests the same with every engine. <c>--filter-not-trait Engine=any</c> leaves it out, for all runs
/// but the first.
/// </summary>
[AttributeUsage(AttributeTargets.Class | AttributeTargets.Method)]
sealed class AnyEngineAttribute : Attribute, ITraitAttribute
{
    public IReadOnlyCollection<KeyValuePair<string, string>> GetTraits() => [new("Engine", "any")];
}
