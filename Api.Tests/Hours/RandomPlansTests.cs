using System.Reflection;
using FsCheck;
using FsCheck.Fluent;

namespace Api.Tests.Hours;

public sealed class RandomPlansTests
{
    [Fact]
    public void The_same_seed_makes_the_same_plan() =>
        Assert.Equal($"{new RandomSchedules(123_456_789).Next()}", $"{new RandomSchedules(123_456_789).Next()}");

    [Fact]
    public void Hardly_any_two_of_the_plans_that_a_test_gets_are_alike()
    {
        var seeds = RandomPlansAttribute.Seeds.Drawn.Sample(400, size: 1);
        Assert.InRange(seeds.Select(seed => $"{new RandomSchedules(seed).Next()}").Distinct().Count(), 399, 400);
    }

    // One that FsCheck took instead would make a failure that cannot be replayed.
    [Fact]
    public void FsCheck_is_given_one_source_of_seeds() =>
        Assert.Single(typeof(RandomPlansAttribute.Seeds).GetMethods(BindingFlags.Static | BindingFlags.Public),
            method => method.ReturnType == typeof(Arbitrary<int>));
}
