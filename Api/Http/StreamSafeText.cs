using System.Globalization;
using System.Text;

namespace Api.Http;

/// <summary>
/// Text that is cheap to normalise: at most <see cref="MaximumMarks"/> combining marks in a row, as in the Stream-Safe
/// Text Format of UAX #15. Normalising sorts each run of marks, in quadratic time.
/// </summary>
static class StreamSafeText
{
    /// <summary>According to UAX #15 far more than any language needs.</summary>
    public const int MaximumMarks = 30;

    // It is not sorted. UAX #15 inserts it into longer runs to make them safe.
    static readonly Rune GraphemeJoiner = new('\u034F');

    public static bool IsStreamSafe(string text)
    {
        var marks = 0;
        foreach (var rune in text.EnumerateRunes())
        {
            marks = IsMark(rune) ? marks + 1 : 0;
            if (marks > MaximumMarks)
                return false;
        }
        return true;
    }

    // Every character that normalising moves is a mark. .NET does not tell which marks stay where they are.
    static bool IsMark(Rune rune) =>
        rune.Value >= 0x300
        && rune != GraphemeJoiner
        && Rune.GetUnicodeCategory(rune)
            is UnicodeCategory.NonSpacingMark
                or UnicodeCategory.SpacingCombiningMark
                or UnicodeCategory.EnclosingMark;
}
