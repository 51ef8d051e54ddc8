using Api.Http;

namespace Api.Tests.Http;

public sealed class NameUuidTests
{
    // RFC 9562, appendix A.4.
    [Fact]
    public void A_name_has_the_UUID_of_the_standard() =>
        Assert.Equal(
            new Guid("2ed6657d-e927-568b-95e1-2665a8aea6a2"),
            NameUuid.Create(new Guid("6ba7b810-9dad-11d1-80b4-00c04fd430c8"), "www.example.com")
        );
}
