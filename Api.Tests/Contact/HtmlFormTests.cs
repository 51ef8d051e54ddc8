using System.Net;
using System.Text;
using Microsoft.AspNetCore.WebUtilities;

namespace Api.Tests.Contact;

public sealed class HtmlFormTests
{
    const string Success = "https://www.example.com/thanks",
        Failure = "https://www.example.com/contact?from=form";

    static Task<ApiFactory> StartAsync(params string[] settings) =>
        ApiFactory.StartAsync(factory =>
            factory.Settings.AddRange([
                $"--Contact:Redirects:Success={Success}",
                $"--Contact:Redirects:Failure={Failure}",
                .. settings,
            ])
        );

    static Dictionary<string, string> Fields(params (string Name, string? Value)[] changes)
    {
        var fields = new Dictionary<string, string>
        {
            ["name"] = "Ana Müller 🙂",
            ["email"] = "ana@example.com",
            ["telephone"] = "",
            ["preferredContact"] = "email",
            ["location"] = "jonesboro",
            ["message"] = "First line\r\nsecond line",
            ["consent"] = "on",
            ["website"] = "",
        };
        foreach (var (name, value) in changes)
        {
            if (value is null)
                fields.Remove(name);
            else
                fields[name] = value;
        }
        return fields;
    }

    static async Task<Uri> PostAsync(ApiFactory api, HttpContent content)
    {
        using var response = await api.Client.PostAsync("/v1/contact-submissions", content);
        Assert.Equal(HttpStatusCode.SeeOther, response.StatusCode);
        Assert.Equal("", await response.Content.ReadAsStringAsync());
        Assert.True(response.Headers.CacheControl!.NoStore);
        return response.Headers.Location!;
    }

    static MultipartFormDataContent Multipart(Dictionary<string, string> fields)
    {
        var content = new MultipartFormDataContent();
        foreach (var (name, value) in fields)
            content.Add(new StringContent(value, Encoding.UTF8), name);
        return content;
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_message_of_a_plain_form_is_stored_and_the_browser_led_on(bool multipart)
    {
        await using var api = await StartAsync();
        var fields = Fields();
        var page = await PostAsync(api, multipart ? Multipart(fields) : new FormUrlEncodedContent(fields));
        Assert.StartsWith(Success, page.AbsoluteUri, StringComparison.Ordinal);
        var query = QueryHelpers.ParseQuery(page.Query);
        Assert.Equal(["reference"], query.Keys);
        Assert.Matches("^[0-9A-Z]{4}-[0-9A-Z]{4}-[0-9A-Z]{4}$", (string)query["reference"]!);
        Assert.Equal(1, await api.CountAsync());
    }

    [Theory]
    [InlineData("consent", null, "consent")]
    [InlineData("consent", "maybe", "consent")]
    [InlineData("name", "", "name")]
    [InlineData("email", "nobody", "email")]
    [InlineData("location", "elsewhere", "location")]
    [InlineData("secondsToFill", "soon", "secondsToFill")]
    [InlineData("<script>", "x", "")]
    public async Task A_refusal_names_the_fields_and_nothing_that_the_sender_wrote(
        string field,
        string? value,
        string errors
    )
    {
        await using var api = await StartAsync();
        var page = await PostAsync(api, new FormUrlEncodedContent(Fields((field, value))));
        Assert.StartsWith(Failure, page.AbsoluteUri, StringComparison.Ordinal);
        var query = QueryHelpers.ParseQuery(page.Query);
        Assert.Equal("422", query["status"]);
        Assert.Equal(errors, query.GetValueOrDefault("errors").ToString());
        Assert.Equal(0, await api.CountAsync());
    }

    [Fact]
    public async Task What_is_not_about_fields_leads_to_the_same_page()
    {
        await using var api = await StartAsync("--Contact:Limits:PerClient:Requests=1");
        await PostAsync(api, new FormUrlEncodedContent(Fields()));
        var limited = await PostAsync(api, new FormUrlEncodedContent(Fields()));
        Assert.Equal(Failure + "&status=429", limited.AbsoluteUri);
        var large = await PostAsync(api, new FormUrlEncodedContent(Fields(("message", new string('x', 70_000)))));
        Assert.Equal(Failure + "&status=413", large.AbsoluteUri);
        using var broken = new StringContent("no form", Encoding.UTF8);
        broken.Headers.Remove("Content-Type");
        broken.Headers.TryAddWithoutValidation("Content-Type", "multipart/form-data; boundary=x");
        Assert.Equal(Failure + "&status=400", (await PostAsync(api, broken)).AbsoluteUri);
        Assert.Equal(1, await api.CountAsync());
    }

    [Fact]
    public async Task A_field_that_is_sent_twice_or_is_a_file_is_refused()
    {
        await using var api = await StartAsync();
        using var twice = Multipart(Fields());
        twice.Add(new StringContent("Somebody else"), "name");
        Assert.Equal(Failure + "&status=422&errors=name", (await PostAsync(api, twice)).AbsoluteUri);
        using var file = Multipart(Fields(("message", null)));
        file.Add(new ByteArrayContent([1, 2, 3]), "message", "message.txt");
        Assert.Equal(Failure + "&status=422&errors=message", (await PostAsync(api, file)).AbsoluteUri);
    }

    [Fact]
    public async Task A_filled_honeypot_is_answered_as_usual_and_set_aside()
    {
        await using var api = await StartAsync();
        var page = await PostAsync(api, new FormUrlEncodedContent(Fields(("website", "https://spam.example"))));
        Assert.StartsWith(Success, page.AbsoluteUri, StringComparison.Ordinal);
        Assert.Equal(
            1,
            await api.QueryAsync<long>("SELECT count(*) FROM submissions WHERE quarantined_for IS NOT NULL")
        );
    }

    [Fact]
    public async Task Without_pages_to_go_on_to_a_form_is_refused_and_JSON_is_answered_as_ever()
    {
        await using var plain = await ApiFactory.StartAsync();
        using var refused = await plain.Client.PostAsync(
            "/v1/contact-submissions",
            new FormUrlEncodedContent(Fields())
        );
        await JsonAssert.ProblemAsync(refused, 415, "unsupported-media-type");

        await using var api = await StartAsync();
        await api.ReceivedAsync(Submissions.Valid());
        using var invalid = await api.SubmitAsync(Submissions.Valid(("name", "")));
        Assert.Equal(422, (int)invalid.StatusCode);
    }
}
