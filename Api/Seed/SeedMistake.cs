using System.Text;

namespace Api.Seed;

/// <summary>A mistake in a seed's file. The sentence says what is wrong and what to write; whoever knows the file adds its name.</summary>
#pragma warning disable CA1032, CA1064 // Thrown and caught by the reader of seeds only, always with a sentence
sealed class SeedMistake(int line, string sentence) : Exception(sentence)
#pragma warning restore CA1032, CA1064
{
    /// <summary>The line in the file, from 1.</summary>
    public int Line { get; } = line;

    public StartupFault In(string file) => new($"{file}, line {Line}: {Message}", this);

    /// <summary>A value in quotation marks, short enough for a sentence and without characters that cannot be seen.</summary>
    public static string Quote(string value)
    {
        const int Longest = 60;
        var runes = value.EnumerateRunes().Take(Longest + 1).Select(rune => Rune.IsControl(rune) ? " " : rune.ToString()).ToArray();
        return runes.Length <= Longest ? $"'{string.Concat(runes)}'" : $"'{string.Concat(runes.SkipLast(1))}…'";
    }
}
