namespace Api.Tests.Formats;

public sealed class FormatCachingTests
{
    [Theory]
    [InlineData("/v1/locations/jonesboro/schema.jsonld")]
    [InlineData("/v1/locations/jonesboro/fhir")]
    [InlineData("/v1/locations/jonesboro/hours/google")]
    [InlineData("/v1/locations/jonesboro/hours/osm")]
    [InlineData("/v1/locations/jonesboro/hours.ics")]
    [InlineData("/v1/hours.ics")]
    public async Task No_cache_keeps_a_format_beyond_midnight(string path)
    {
        // Half a minute before midnight in Chicago, and before that of UTC. The clock is set before the start, since it
        // rings once for each minute that it goes forward afterwards.
        foreach (var hour in new[] { 5, 23 })
        {
            await using var api = await ApiFactory.StartAsync(factory =>
                factory.Clock.SetUtcNow(new DateTimeOffset(2027, 1, 5, hour, 59, 30, TimeSpan.Zero))
            );
            using var before = await api.SendAsync(HttpMethod.Get, path);
            Assert.Equal("public, max-age=30", before.Headers.CacheControl!.ToString());
        }
    }
}
