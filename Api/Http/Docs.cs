using System.Globalization;
using System.Net;
using System.Reflection;
using System.Text;
using Api.Http.Caching;
using Api.Http.OpenApi;
using Markdig;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Api.Http;

/// <summary>
/// The pages that explain the API: Swagger UI, its OpenAPI document, pages about the problems, and a web site that uses
/// the API.
/// </summary>
static class Docs
{
    const string Stylesheet = "clinic.css";

    static readonly (string Name, string MediaType)[] ExampleFiles =
    [
        ("index.html", "text/html"),
        ("site.css", "text/css"),
        ("site.js", "text/javascript"),
    ];

    public static void UseDocs(this WebApplication app) =>
        app.UseSwaggerUI(ui =>
        {
            ui.RoutePrefix = "docs";
            ui.DocumentTitle = "Clinic API";
            ui.SwaggerEndpoint("../openapi.json", "Clinic API");
            ui.InjectStylesheet(Stylesheet);
            // Swagger UI itself has none, and telephones would show a page made for a wide screen.
            ui.HeadContent =
                "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">" + ui.HeadContent;
            ui.DisplayRequestDuration();
            ui.EnableDeepLinking();
        });

    public static void MapDocs(this IEndpointRouteBuilder routes)
    {
        var docs = routes.MapGroup("").ExcludeFromDescription();
        docs.MapGet("/", () => TypedResults.LocalRedirect("~/docs/index.html")).WithName("home");
        docs.MapGet(
                "/openapi.json",
                async (OpenApiDocuments documents, HttpContext http) =>
                    TypedResults.Text(await documents.JsonAsync(http.Request.PathBase), "application/json")
            )
            .WithName("openapiJson")
            .Cached();
        docs.MapGet(
                "/openapi.yaml",
                async (OpenApiDocuments documents, HttpContext http) =>
                    TypedResults.Text(await documents.YamlAsync(http.Request.PathBase), "application/yaml")
            )
            .WithName("openapiYaml")
            .Cached();
        docs.MapGet("/docs/" + Stylesheet, () => TypedResults.Text(ReadFile(Stylesheet), "text/css"))
            .WithName("stylesheet")
            .Cached();
        docs.MapGet("/docs/example", () => TypedResults.LocalRedirect("~/docs/example/index.html")).WithName("example");
        foreach (var (name, mediaType) in ExampleFiles)
        {
            docs.MapGet(
                    $"/docs/example/{name}",
                    () => TypedResults.Text(ReadFile($"site/{name}"), mediaType, Encoding.UTF8)
                )
                .WithName($"example/{name}")
                .Cached();
        }
        docs.MapGet("/problems", ProblemIndex).WithName("problems").Cached(Languages.Parameter);
        docs.MapGet("/problems/{name}", ProblemPage).WithName("problem").Cached(Languages.Parameter);
    }

    /// <summary>Whether a path leads to a page that a browser renders.</summary>
    public static bool IsPage(PathString path) =>
        path.StartsWithSegments("/docs", StringComparison.Ordinal)
        || path.StartsWithSegments("/problems", StringComparison.Ordinal);

    static Results<ContentHttpResult, Problem<Problems.NotFound>, Problem<Problems.Invalid>> ProblemPage(
        string name,
        string? @in,
        HttpContext http
    )
    {
        if (ProblemTypes.All.FirstOrDefault(type => type.Name == name) is not { } problem)
            return Problems.NoSuch("problem", name);
        if (Languages.Choose(http, @in, out var language) is { } broken)
            return Problems.BrokenRules(broken);
        return Page(language, "..", $"{problem.Status}: {problem.Title}", Markdown.ToHtml(problem.Meaning));
    }

    static Results<ContentHttpResult, Problem<Problems.Invalid>> ProblemIndex(string? @in, HttpContext http)
    {
        if (Languages.Choose(http, @in, out var language) is { } broken)
            return Problems.BrokenRules(broken);
        var items = ProblemTypes.All.Select(problem =>
            $"""
                <li><a href="problems/{problem.Name}?in={language.Name}">{problem.Status}: {Encode(problem.Title)}</a>
                """
        );
        return Page(language, ".", ProblemText.Get("Problems"), $"<ul>\n{string.Join('\n', items)}\n</ul>");
    }

    /// <summary>A page.</summary>
    /// <param name="language">The language of its texts.</param>
    /// <param name="root">The relative path to the root of the API.</param>
    /// <param name="title">Its title, plain text.</param>
    /// <param name="content">What follows the title, HTML.</param>
    static ContentHttpResult Page(CultureInfo language, string root, string title, string content) =>
        TypedResults.Text(
            $"""
            <!doctype html>
            <html lang="{language.Name}">
            <meta charset="utf-8">
            <meta name="viewport" content="width=device-width">
            <link rel="icon" href="data:,">
            <link rel="stylesheet" href="{root}/docs/{Stylesheet}">
            <title>{Encode(title)}</title>
            <main>
            <h1>{Encode(title)}</h1>
            {content}
            <p><a href="{root}/docs/index.html">{Encode(ProblemText.Get("AllOfTheApi"))}</a></p>
            </main>
            </html>
            """,
            "text/html; charset=utf-8"
        );

    static string Encode(string text) => WebUtility.HtmlEncode(text);

    static string ReadFile(string name)
    {
        using var stream = Assembly.GetExecutingAssembly().GetManifestResourceStream(name)!;
        using var text = new StreamReader(stream);
        return text.ReadToEnd();
    }
}
