using System.Globalization;
using System.Text;

namespace Api.Http;

/// <summary>
/// Text that is cheap to normalise: no more than <see cref="MostMarks"/> combining marks in a row, as the Stream-Safe Text
/// Format of UAX #15 has it. Normalising sorts each row of marks, which takes time that grows with the square of its length.
/// </summary>
static class StreamSafeText
{
    /// <summary>Far more than any language needs, says UAX #15.</summary>
    public const int MostMarks = 30;

    // Joins nothing and sorts with nothing. UAX #15 puts it into longer rows to make them safe.
    static readonly Rune GraphemeJoiner = new('\u034F');

    public static bool IsStreamSafe(string text)
    {
        var marks = 0;
        foreach (var rune in text.EnumerateRunes())
        {
            marks = IsMark(rune) ? marks + 1 : 0;
            if (marks > MostMarks) return false;
        }
        return true;
    }

    // Every character that normalising moves is a mark; .NET does not tell which marks it leaves where they are.
    static bool IsMark(Rune rune) => rune.Value >= 0x300 && rune != GraphemeJoiner &&
        Rune.GetUnicodeCategory(rune) is UnicodeCategory.NonSpacingMark or UnicodeCategory.SpacingCombiningMark or UnicodeCategory.EnclosingMark;
}
