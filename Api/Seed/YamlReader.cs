using YamlDotNet.Core;
using YamlDotNet.Core.Events;

namespace Api.Seed;

/// <summary>
/// Reads one YAML document. YamlDotNet parses it. This class keeps the line of each value, and replaces the parser's
/// error messages with sentences that say what to write.
/// </summary>
sealed class YamlReader
{
    // A seed needs fewer than ten levels.
    const int DeepestNesting = 20;

    const string QuotesRule =
        "a text in quotation marks is not closed, or has a quotation mark or a \\ inside: "
        + "close it, write ' inside of '…' as '', and inside of \"…\" write \\\" and \\\\.";

    const string IndentationRule =
        "this cannot be read: check that the line is indented like the others of its kind, that it is written as "
        + "name: value, and that text with special characters is in quotation marks.";

    const string ListExample = "[08:00-12:00, 13:00-17:00]";
    const string MapExample = "{ when: every 12-25, reason: Christmas Day, closed: true }";

    readonly string[] lines;
    readonly int firstLine;
    readonly Parser parser;
    readonly Dictionary<string, YamlNode> anchors = new(StringComparer.Ordinal);
    readonly Stack<(char Bracket, int Line)> brackets = new();
    int line;

    YamlReader(string yaml, int firstLine)
    {
        lines = SeedText.SplitLines(yaml);
        this.firstLine = firstLine;
        line = firstLine;
        parser = new Parser(new StringReader(yaml));
    }

    /// <param name="yaml">The document.</param>
    /// <param name="firstLine">The line of the file on which it begins.</param>
    /// <returns><c>null</c> when the document is empty.</returns>
    /// <exception cref="SeedMistake">
    /// The document is not YAML, or uses a part of YAML that seeds do not need.
    /// </exception>
    public static YamlNode? Read(string yaml, int firstLine)
    {
        var reader = new YamlReader(yaml, firstLine);
        try
        {
            return reader.ReadDocument();
        }
        catch (YamlException e)
        {
            throw reader.Explain(e.Start.Line > 0 ? e.Start : reader.parser.Current?.End ?? Mark.Empty, e.Message);
        }
        catch (Exception e)
            when (e
                    is InvalidOperationException
                        or ArgumentException
                        or FormatException
                        or OverflowException
                        or IndexOutOfRangeException
                        or NullReferenceException
            )
        {
            // The parser throws these on some kinds of broken text.
            throw reader.Explain(reader.parser.Current?.End ?? Mark.Empty, "");
        }
    }

    YamlNode? ReadDocument()
    {
        Next<StreamStart>();
        if (!parser.MoveNext() || parser.Current is not DocumentStart)
            return null;
        Move();
        var node = ReadNode(1);
        while (parser.MoveNext())
        {
            if (parser.Current is DocumentStart second)
            {
                throw new SeedMistake(
                    LineOf(second.Start),
                    "a second document begins here: remove the line with --- or ... above it."
                );
            }
        }
        return node is { IsEmpty: true } ? null : node;
    }

    // The current event is the first one of the node.
    YamlNode ReadNode(int depth)
    {
        var start = parser.Current!;
        line = LineOf(start.Start);
        if (depth > DeepestNesting)
            throw new SeedMistake(line, "this is nested too deeply: write fewer brackets.");
        if (start is AnchorAlias alias)
        {
            var name = alias.Value.Value;
            if (anchors.TryGetValue(name, out var known))
                return known;
            throw new SeedMistake(
                line,
                $"*{name} refers to &{name}, which does not occur above it: "
                    + "write the value itself, or put text that begins with * in quotation marks."
            );
        }
        if (start is NodeEvent { Tag: { IsEmpty: false, IsNonSpecific: false } tag })
        {
            throw new SeedMistake(
                line,
                $"{SeedMistake.Quote(tag.Value)} is a tag, which is not allowed here: "
                    + "remove it, or put text that begins with ! in quotation marks."
            );
        }

        YamlNode node = start switch
        {
            Scalar scalar => new YamlText(scalar.Value, scalar.Style == ScalarStyle.Plain, line),
            SequenceStart => ReadList(depth),
            MappingStart => ReadMap(depth),
            _ => throw new SeedMistake(line, "a value is missing here: write it, or remove the line."),
        };
        if (start is NodeEvent { Anchor: { IsEmpty: false } anchor })
            anchors[anchor.Value] = node;
        return node;
    }

    YamlList ReadList(int depth)
    {
        var start = parser.Current!;
        PushBracket(start.Start);
        var items = new List<YamlNode>();
        for (Move(); parser.Current is not SequenceEnd; Move())
            items.Add(ReadNode(depth + 1));
        PopBracket(start.Start);
        return new YamlList(items, LineOf(start.Start));
    }

    YamlMap ReadMap(int depth)
    {
        var start = parser.Current!;
        PushBracket(start.Start);
        var properties = new List<YamlProperty>();
        var names = new HashSet<string>(StringComparer.Ordinal);
        for (Move(); parser.Current is not MappingEnd; Move())
        {
            line = LineOf(parser.Current!.Start);
            if (parser.Current is not Scalar { Value: var name })
            {
                throw new SeedMistake(
                    line,
                    "a property must have a name here: write it as name: value, "
                        + "and put text with brackets in quotation marks."
                );
            }
            var nameLine = line;
            if (name == "")
                throw new SeedMistake(line, "there is a colon without a name before it: write name: value.");
            if (!names.Add(name))
                throw new SeedMistake(line, $"{SeedMistake.Quote(name)} appears twice: keep one of them.");
            Move();
            properties.Add(new YamlProperty(name, ReadNode(depth + 1), nameLine));
        }
        PopBracket(start.Start);
        return new YamlMap(properties, LineOf(start.Start));
    }

    void Next<T>()
        where T : ParsingEvent
    {
        Move();
        if (parser.Current is not T)
            throw new SeedMistake(line, "this cannot be read.");
    }

    void Move()
    {
        if (!parser.MoveNext())
            throw new SeedMistake(line, "the file ends in the middle of a value: write the rest of it.");
        if (parser.Current!.Start.Line > 0)
            line = LineOf(parser.Current.Start);
    }

    // Lists and properties without brackets have none to remember.
    void PushBracket(Mark start)
    {
        var character = FindCharacter(start);
        if (character is '[' or '{')
            brackets.Push((character, LineOf(start)));
    }

    void PopBracket(Mark start)
    {
        if (FindCharacter(start) is '[' or '{')
            brackets.Pop();
    }

    int LineOf(Mark mark) => (int)Math.Max(1, mark.Line) + firstLine - 1;

    char FindCharacter(Mark mark)
    {
        var text = mark.Line >= 1 && mark.Line <= lines.Length ? lines[mark.Line - 1] : "";
        return mark.Column >= 1 && mark.Column <= text.Length ? text[(int)mark.Column - 1] : ' ';
    }

    // The parser's message only helps those who know how it works. Here it is a hint at the kind of mistake.
    SeedMistake Explain(Mark mark, string hint)
    {
        var at = mark.Line > 0 ? LineOf(mark) : line;
        if (FindTabbedLine(at) is { } tabbed)
            return new SeedMistake(tabbed, "the line begins with a tab: indent it with spaces.");

        var text = at - firstLine < lines.Length ? lines[at - firstLine] : "";
        var character = text.TrimStart(' ', '-').StartsWith('%') ? '%' : FindCharacter(mark);
        if (ExplainCharacter(character, hint) is { } sentence)
            return new SeedMistake(at, sentence);
        if (brackets.TryPeek(out var open))
        {
            var example = open.Bracket == '[' ? ListExample : MapExample;
            return new SeedMistake(
                open.Line,
                $"the {open.Bracket} is not closed, or a comma is missing after it: " + $"write it like {example}."
            );
        }
        return new SeedMistake(at, ExplainLine(character, text));
    }

    // The parser may still be in the line above, when it takes the two for a text of several lines.
    int? FindTabbedLine(int at)
    {
        int[] candidates = [at, at + 1];
        foreach (var candidate in candidates.Where(candidate => candidate - firstLine < lines.Length))
        {
            if (lines[candidate - firstLine].TakeWhile(char.IsWhiteSpace).Contains('\t'))
                return candidate;
        }
        return null;
    }

    // Characters that have a meaning of their own where a text begins.
    static string? ExplainCharacter(char character, string hint)
    {
        if (character is '@' or '`' or '%')
            return $"text that begins with {character} must be in quotation marks: write \"{character}…\".";
        if (Hints("quoted scalar") || Hints("escape"))
            return QuotesRule;
        if (Hints("alias") || Hints("anchor"))
            return "text that begins with * or & must be in quotation marks: write \"* …\".";
        if (Hints("tag"))
            return "text that begins with ! must be in quotation marks: write \"! …\".";
        if (Hints("directive"))
            return "text that begins with % must be in quotation marks: write \"% …\".";
        return null;

        bool Hints(string words) => hint.Contains(words, StringComparison.OrdinalIgnoreCase);
    }

    static string ExplainLine(char character, string text)
    {
        if (character is ']' or '}')
            return $"the {character} has no opening bracket: remove it, or write the bracket that opens before it.";
        if (text.Contains(": - ", StringComparison.Ordinal))
        {
            return "a list that is written with hyphens begins on the next line: write it there, or in brackets, "
                + "like [08:00-17:00].";
        }
        if (text.AsSpan().ContainsAny('\'', '"'))
            return QuotesRule;
        var property = text.TrimStart(' ', '-').Split(": ", 2);
        if (property is [var name, var value] && value.Contains(':', StringComparison.Ordinal))
            return $"text with a colon must be in quotation marks: write {name}: \"{value.Trim()}\".";
        return IndentationRule;
    }
}
