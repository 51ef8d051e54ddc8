using System.Globalization;
using FsCheck;
using FsCheck.Fluent;
using FsCheck.Xunit;

namespace Api.Tests.Hours;

/// <summary>
/// Runs a test with many seeds, such as those of <see cref="RandomSchedules"/>, drawn from all integers. A failure prints its seed, as
/// <c>Original: 123</c>. <c>SEED=123</c> in the environment runs that seed alone, <c>PLANS=10000</c> that many seeds.
/// </summary>
#pragma warning disable xUnit3003 // PropertyAttribute takes no source information.
[AttributeUsage(AttributeTargets.Method)]
sealed class RandomPlansAttribute : PropertyAttribute
#pragma warning restore xUnit3003
{
    public RandomPlansAttribute(int count)
    {
        Arbitrary = [typeof(Seeds)];
        MaxTest = CountOf(count);
    }

    /// <summary>Whether only the seed of a failure is run again.</summary>
    public static bool IsReplay => Seeds.Replayed is not null;

    /// <summary>Seeds for a test that goes through many plans by itself.</summary>
    public static IEnumerable<int> DrawSeeds(int count) =>
        Enumerable
            .Range(0, CountOf(count))
            .Select(_ => Seeds.Replayed ?? Random.Shared.Next(int.MinValue, int.MaxValue));

    static int CountOf(int count) => Seeds.Replayed is not null ? 1 : ReadNumber("PLANS") ?? count;

    /// <summary>A number in the environment; <c>null</c> if it is not set.</summary>
    public static int? ReadNumber(string variable) =>
        Environment.GetEnvironmentVariable(variable) is { Length: > 0 } text
            ? int.Parse(text, CultureInfo.InvariantCulture)
            : null;

    /// <summary>
    /// FsCheck's own integers stay close to zero, so it would go through the same hundred plans for ever.
    /// </summary>
    internal static class Seeds
    {
        public static int? Replayed { get; } = ReadNumber("SEED");

        public static Gen<int> Drawn { get; } = Gen.Choose(int.MinValue, int.MaxValue);

        // Without a shrinker: a smaller seed makes no simpler plan. FsCheck takes any member of this type, so there is
        // only one.
        public static Arbitrary<int> Any() => Arb.From(Replayed is { } seed ? Gen.Constant(seed) : Drawn);
    }
}
