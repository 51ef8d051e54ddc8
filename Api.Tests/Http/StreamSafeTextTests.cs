using System.Text;
using System.Text.Json.Nodes;
using Api.Http;
using Api.Tests.Contact;
using static Api.Tests.Contact.Submissions;

namespace Api.Tests.Http;

/// <summary>Sorting a long row of combining marks takes seconds, so no such row is ever normalised.</summary>
public sealed class StreamSafeTextTests(ApiFactory api) : IClassFixture<ApiFactory>
{
    static string Repeat(string text, int count) => string.Concat(Enumerable.Repeat(text, count));

    public static TheoryData<string, bool> Texts =>
        new()
        {
            { "", true },
            { "e\u0301", true },
            { "a" + Repeat("\u0301", 30), true },
            { "a" + Repeat("\u0301", 31), false },
            { Repeat("\u0301", 31), false },
            { "a" + Repeat("\u0316\u0301", 15), true },
            { "a" + Repeat("\u0316\u0301", 16), false },
            { Repeat("a" + Repeat("\u0301", 30), 100), true },
            { "text " + Repeat("\u0301", 31), false },
            // Beyond U+FFFF, spacing and enclosing ones too.
            { "a" + Repeat("\U0001D165", 31), false },
            { "a" + Repeat("\u302E", 31), false },
            { "a" + Repeat("\u20DD", 31), false },
            { "a" + Repeat("\u0344", 31), false },
            // As UAX #15 makes longer rows safe.
            { "a" + Repeat(Repeat("\u0301", 30) + "\u034F", 100), true },
            // What people write: Zalgo of some depth, Thai, Devanagari, emoji with joiners, variation selectors and
            // skin tones, flags.
            { "H" + Repeat("\u0321\u0308", 15) + "i", true },
            { "ที่นี่มีความเงียบ", true },
            { "क्षत्रिय संस्कृति", true },
            { Repeat("👩🏽‍⚕️", 100), true },
            { Repeat("🏳️‍🌈", 100), true },
        };

    [Theory]
    [MemberData(nameof(Texts))]
    public void A_text_is_stream_safe_with_at_most_30_marks_in_a_row(string text, bool safe) =>
        Assert.Equal(safe, StreamSafeText.IsStreamSafe(text));

    [Fact]
    public void Every_character_that_normalization_reorders_is_known()
    {
        // U+0334 is of the lowest class of marks, U+0345 of the highest: what is a mark to normalising goes behind the
        // one or before the other.
        var movable = Enumerable
            .Range(0x80, 0x110000 - 0x80)
            .Where(c => c is not (>= 0xD800 and <= 0xDFFF) and not 0xFFFE)
            .Select(c => new Rune(c).ToString())
            .Where(c => Decomposed(c + "\u0334")[0] == '\u0334' || Decomposed("\u0345" + c)[0] != '\u0345')
            .ToArray();
        Assert.True(movable.Length > 800);
        Assert.All(
            movable,
            c => Assert.False(StreamSafeText.IsStreamSafe(Repeat(c, 31)), $"U+{char.ConvertToUtf32(c, 0):X4}")
        );

        static string Decomposed(string text) => text.Normalize(NormalizationForm.FormD);
    }

    [Theory]
    [
        InlineData("name"),
        InlineData("email"),
        InlineData("telephone"),
        InlineData("message"),
        InlineData("location"),
        InlineData("altcha")
    ]
    public async Task A_text_that_is_not_stream_safe_is_refused_before_it_is_normalized(string member)
    {
        // Normalising this takes a second.
        using var response = await api.SubmitAsync(Valid((member, "a" + Repeat("\u0316\u0301", 4_900))));
        Assert.Equal(422, (int)response.StatusCode);
        var errors = JsonNode.Parse(await response.Content.ReadAsStringAsync())!["errors"]!.AsArray();
        Assert.Contains(
            errors,
            error =>
                JsonNode.DeepEquals(
                    error,
                    JsonNode.Parse(
                        $$"""{ "pointer": "#/{{member}}", "detail": "This has more than 30 combining marks in a row." }"""
                    )
                )
        );
    }
}
