using Api.Hours;

namespace Api.Seed;

/// <summary>
/// A folder with the content of a clinic: <c>clinic.yaml</c> with the locations and their hours, and
/// <c>articles/*.md</c> with YAML front matter. Each mistake is reported with its file and line.
/// </summary>
sealed class SeedFolder
{
    /// <summary>The seed that comes with the program.</summary>
    public static string Default => Path.Combine(AppContext.BaseDirectory, "db", "seed");

    public required IReadOnlyList<SeedLocation> Locations { get; init; }

    /// <summary>The exceptions of the whole clinic.</summary>
    public required IReadOnlyList<ScheduleException> Exceptions { get; init; }

    public required IReadOnlyList<ArticleFile> Articles { get; init; }

    /// <summary>What is loaded in another way than it is written, each with its file and line.</summary>
    public required IReadOnlyList<string> Warnings { get; init; }

    /// <exception cref="StartupFault">There is no such folder, or a file in it has a mistake.</exception>
    public static SeedFolder Read(string folder)
    {
        var clinicFile = Path.Combine(folder, "clinic.yaml");
        if (!File.Exists(clinicFile))
            throw new StartupFault($"There is no {clinicFile}: name a folder that has one.");
        var clinic = ReadFile(clinicFile, ClinicFile.Read);

        var articles = new List<ArticleFile>();
        var warnings = new List<string>();
        var slugs = new HashSet<string>(StringComparer.Ordinal);
        foreach (var file in ListArticles(Path.Combine(folder, "articles")))
        {
            var name = Path.GetFileNameWithoutExtension(file);
            var article = ReadFile(file, text => ArticleFile.Read(text, name));
            if (!slugs.Add(article.Draft.Slug))
            {
                throw new StartupFault(
                    $"{file}, line 1: the slug '{article.Draft.Slug}' appears twice: " + "remove one of the two files."
                );
            }
            articles.Add(article);
            warnings.AddRange(article.Warnings.Select(warning => $"{file}, {warning}"));
        }
        return new SeedFolder
        {
            Locations = clinic.Locations,
            Exceptions = clinic.Exceptions,
            Articles = articles,
            Warnings = warnings,
        };
    }

    static string[] ListArticles(string folder)
    {
        // Without IgnoreInaccessible a folder that cannot be read would look empty.
        var options = new EnumerationOptions { MatchCasing = MatchCasing.CaseInsensitive, IgnoreInaccessible = false };
        try
        {
            return Directory.Exists(folder)
                ? [.. Directory.EnumerateFiles(folder, "*.md", options).Order(StringComparer.Ordinal)]
                : [];
        }
        catch (UnauthorizedAccessException e)
        {
            throw new StartupFault($"{folder} cannot be read: give this user access to it.", e);
        }
    }

    static T ReadFile<T>(string file, Func<string, T> read)
    {
        try
        {
            return read(SeedText.Read(file));
        }
        catch (SeedMistake mistake)
        {
            throw mistake.InFile(file);
        }
    }
}
