using System.Reflection;
using FsCheck;
using FsCheck.Fluent;

namespace Api.Tests.Hours;

[AnyEngine]
public sealed class RandomPlansTests
{
    [Fact]
    public void The_same_seed_makes_the_same_plan() =>
        Assert.Equal($"{new RandomSchedules(123_456_789).Next()}", $"{new RandomSchedules(123_456_789).Next()}");

    [Fact]
    public void Different_seeds_make_different_plans()
    {
        var seeds = RandomPlansAttribute.Seeds.Drawn.Sample(400, size: 1);
        Assert.InRange(seeds.Select(seed => $"{new RandomSchedules(seed).Next()}").Distinct().Count(), 399, 400);
    }

    // One that FsCheck took instead would make a failure that cannot be replayed.
    [Fact]
    public void FsCheck_has_one_source_of_seeds() =>
        Assert.Single(
            typeof(RandomPlansAttribute.Seeds).GetMethods(BindingFlags.Static | BindingFlags.Public),
            method => method.ReturnType == typeof(Arbitrary<int>)
        );
}
