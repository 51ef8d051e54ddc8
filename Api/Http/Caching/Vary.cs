using Microsoft.Net.Http.Headers;

namespace Api.Http.Caching;

/// <summary>The header <c>Vary</c>.</summary>
static class Vary
{
    /// <summary>
    /// Adds a request header that the answer depends on. All are on one line: nginx before 1.23 reads only one.
    /// </summary>
    public static void VaryBy(this HttpResponse response, string header)
    {
        string[] headers = [.. response.Headers.GetCommaSeparatedValues(HeaderNames.Vary), header];
        response.Headers.Vary = string.Join(", ", headers.Distinct(StringComparer.OrdinalIgnoreCase));
    }

    /// <summary>Does so when the answer starts, since what handles an exception clears the headers.</summary>
    public static void VaryAtStartBy(this HttpResponse response, string header) =>
        response.OnStarting(() =>
        {
            response.VaryBy(header);
            return Task.CompletedTask;
        });
}
