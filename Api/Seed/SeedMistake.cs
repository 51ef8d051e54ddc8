using System.Text;

namespace Api.Seed;

/// <summary>A mistake in a file of a seed. Its sentence says what is wrong and what to write instead.</summary>
#pragma warning disable CA1032, CA1064 // Only the reader of seeds throws and catches it, always with a sentence
sealed class SeedMistake(int line, string sentence) : Exception(sentence)
#pragma warning restore CA1032, CA1064
{
    /// <summary>The line in the file, from 1.</summary>
    public int Line { get; } = line;

    /// <summary>The fault that ends the start, with the name of the file.</summary>
    public StartupFault InFile(string file) => new($"{file}, line {Line}: {Message}", this);

    /// <summary>Quotes a value in a sentence: at most 60 characters, with a space for each control character.</summary>
    public static string Quote(string value)
    {
        const int Longest = 60;
        var runes = value
            .EnumerateRunes()
            .Select(rune => Rune.IsControl(rune) ? new Rune(' ') : rune)
            .Take(Longest + 1)
            .ToArray();
        return runes.Length <= Longest ? $"'{string.Concat(runes)}'" : $"'{string.Concat(runes.Take(Longest))}…'";
    }
}
