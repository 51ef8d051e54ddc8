using System.Globalization;
using System.Text.Json;
using Api.Http;

namespace Api.Tests.Http;

public sealed class BodyReaderTests
{
    sealed record Week
    {
        public string? Name { get; init; }
        public Season? Season { get; init; }
        public Day? Best { get; init; }
        public IReadOnlyList<Day>? Days { get; init; }
        public IReadOnlyList<string>? Notes { get; init; }
        public Dictionary<string, Day>? ByName { get; init; }
    }

    sealed record Day
    {
        public string? Opens { get; init; }
        public bool Closed { get; init; }
        public Week? Week { get; init; }
    }

    enum Season
    {
        Summer,
        WinterBreak,
    }

    static (Week Value, BodyReader Reader) Read(string json, string? ignored = null)
    {
        CultureInfo.CurrentUICulture = CultureInfo.GetCultureInfo("en");
        using var document = JsonDocument.Parse(json);
        var reader = new BodyReader(ignored);
        return (reader.Read<Week>(document.RootElement), reader);
    }

    [Theory]
    [InlineData("""{ "colour": 1 }""", "#/colour: There is no such member here.")]
    [InlineData("""{ "best": { "colour": 1 } }""", "#/best/colour: There is no such member here.")]
    [InlineData("""{ "days": [{}, { "colour": 1 }] }""", "#/days/1/colour: There is no such member here.")]
    [InlineData(
        """{ "days": [{ "week": { "days": [{ "a/b~c": 1 }] } }] }""",
        "#/days/0/week/days/0/a~1b~0c: There is no such member here."
    )]
    [InlineData("""{ "Name": "Ana" }""", "#/Name: There is no such member here.")]
    [InlineData("""{ "name": 1 }""", "#/name: This must be text.")]
    [InlineData("""{ "best": [] }""", "#/best: This must be an object.")]
    [InlineData("""{ "best": { "closed": "yes" } }""", "#/best/closed: This must be true or false.")]
    [InlineData("""{ "best": { "closed": null } }""", "#/best/closed: This must be true or false.")]
    [InlineData("""{ "days": {} }""", "#/days: This must be an array.")]
    [InlineData("""{ "days": [1] }""", "#/days/0: This must be an object.")]
    [InlineData("""{ "notes": ["a", 2, "c"] }""", "#/notes/1: This must be text.")]
    [InlineData("""{ "season": "autumn" }""", "#/season: This must be one of summer, winterBreak.")]
    [InlineData("""{ "season": 0 }""", "#/season: This must be one of summer, winterBreak.")]
    [InlineData("""{ "byName": { "x": { "colour": 1 } } }""", "#/byName: This has the wrong type.")]
    [InlineData("[]", "#: This must be an object.")]
    [InlineData("null", "#: This must be an object.")]
    public void An_error_is_named_at_any_depth(string json, string error)
    {
        var (_, reader) = Read(json);
        Assert.Equal([error], reader.Errors.Select(found => $"{found.Pointer}: {found.Detail}"));
    }

    [Theory]
    [InlineData("winterBreak")]
    [InlineData("WinterBreak")]
    [InlineData("WINTERBREAK")]
    public void The_value_of_an_enum_is_read_in_any_case(string value)
    {
        var (week, reader) = Read($$"""{ "season": "{{value}}" }""");
        Assert.Empty(reader.Errors);
        Assert.Equal(Season.WinterBreak, week.Season);
    }

    [Fact]
    public void All_errors_are_named_at_once_and_the_rest_is_read()
    {
        var (week, reader) = Read(
            """
            { "name": " Ana ", "x": 1, "best": { "opens": "08:00", "closed": 3 }, "days": [{ "y": 1, "opens": "a" }, { "closed": "z" }], "notes": [1] }
            """
        );
        Assert.Equal(
            ["#/x", "#/best/closed", "#/days/0/y", "#/days/1/closed", "#/notes/0"],
            reader.Errors.Select(error => error.Pointer)
        );
        Assert.Equal("Ana", week.Name);
        Assert.Equal("08:00", week.Best!.Opens);
        Assert.Equal(["a", null], week.Days!.Select(day => day.Opens));
        Assert.Null(week.Notes);
    }

    [Fact]
    public void Null_is_as_good_as_absent_where_a_value_may_be_missing()
    {
        var (week, reader) = Read("""{ "name": null, "season": null, "best": null, "days": null, "byName": null }""");
        Assert.Empty(reader.Errors);
        Assert.Equal(new Week(), week);
    }

    [Fact]
    public void The_ignored_member_is_ignored_at_the_top_only()
    {
        var (_, reader) = Read("""{ "trap": { "any": [1] }, "best": { "trap": 1 } }""", ignored: "trap");
        Assert.Equal("""{ "any": [1] }""", reader.Ignored!.Value.GetRawText());
        Assert.Equal(["#/best/trap"], reader.Errors.Select(error => error.Pointer));
    }
}
