using Api.Hours;

namespace Api.Seed;

/// <summary>
/// Content as files: <c>clinic.yaml</c> with the locations and their hours, <c>articles/*.md</c> with YAML front
/// matter. Whatever is wrong in them is said with file and line.
/// </summary>
sealed class SeedFolder
{
    /// <summary>The seed that comes with the program.</summary>
    public static string Default => Path.Combine(AppContext.BaseDirectory, "db", "seed");

    public required IReadOnlyList<SeedLocation> Locations { get; init; }

    /// <summary>The exceptions of the whole clinic.</summary>
    public required IReadOnlyList<ScheduleException> Exceptions { get; init; }

    public required IReadOnlyList<ArticleFile> Articles { get; init; }

    /// <summary>What is loaded otherwise than it is written, with file and line.</summary>
    public required IReadOnlyList<string> Warnings { get; init; }

    /// <exception cref="StartupFault">There is no such folder, or a file in it has a mistake.</exception>
    public static SeedFolder Read(string folder)
    {
        var clinicFile = Path.Combine(folder, "clinic.yaml");
        if (!File.Exists(clinicFile)) throw new StartupFault($"There is no {clinicFile}: name a folder that has one.");
        var clinic = ReadFile(clinicFile, ClinicFile.Read);

        var articleFiles = FindArticles(Path.Combine(folder, "articles"));
        ArticleFile[] articles = [.. articleFiles.Select(file => ReadFile(file, text => ArticleFile.Read(text, Path.GetFileNameWithoutExtension(file))))];
        foreach (var same in articles.Zip(articleFiles).GroupBy(article => article.First.Draft.Slug).Where(same => same.Count() > 1))
            throw new StartupFault($"{same.Last().Second}, line 1: the slug '{same.Key}' is there twice: remove one of the two files.");
        return new SeedFolder
        {
            Locations = clinic.Locations,
            Exceptions = clinic.Exceptions,
            Articles = articles,
            Warnings = [.. articles.Zip(articleFiles).SelectMany(article => article.First.Warnings.Select(warning => $"{article.Second}, {warning}"))],
        };
    }

    static string[] FindArticles(string folder)
    {
        try
        {
            return Directory.Exists(folder)
                ? [.. Directory.EnumerateFiles(folder, "*.md", new EnumerationOptions { MatchCasing = MatchCasing.CaseInsensitive, IgnoreInaccessible = false }).Order(StringComparer.Ordinal)]
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
            throw mistake.In(file);
        }
    }
}
