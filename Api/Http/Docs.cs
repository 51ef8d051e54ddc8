using System.Net;
using Api.Http.Caching;
using Api.Http.OpenApi;
using Markdig;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Api.Http;

/// <summary>The pages that explain the API: Swagger UI, its OpenAPI document, and a page for each problem.</summary>
static class Docs
{
    const string CacheTag = "docs";

    public static void UseDocs(this WebApplication app) =>
        app.UseSwaggerUI(ui =>
        {
            ui.RoutePrefix = "docs";
            ui.DocumentTitle = "Clinic API";
            ui.SwaggerEndpoint("../openapi.json", "Clinic API");
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
            .Cached(CacheTag);
        docs.MapGet(
                "/openapi.yaml",
                async (OpenApiDocuments documents, HttpContext http) =>
                    TypedResults.Text(await documents.YamlAsync(http.Request.PathBase), "application/yaml")
            )
            .WithName("openapiYaml")
            .Cached(CacheTag);
        docs.MapGet("/problems/{name}", ProblemPage).WithName("problem").Cached(CacheTag, Languages.Parameter);
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
        var title = WebUtility.HtmlEncode(problem.Title);
        return TypedResults.Text(
            $"""
            <!doctype html>
            <html lang="{language.Name}">
            <meta charset="utf-8">
            <meta name="viewport" content="width=device-width">
            <link rel="icon" href="data:,">
            <title>{title}</title>
            <h1>{problem.Status}: {title}</h1>
            {Markdown.ToHtml(problem.Meaning)}
            <p><a href="../docs/index.html">{ProblemText.Get("AllOfTheApi")}</a></p>
            </html>
            """,
            "text/html; charset=utf-8"
        );
    }
}
