using Certctl.Api.Configuration.Server;
using Xunit;

namespace Certctl.Tests.Api.Configuration.Server;

public sealed class RetiredCaSettingsTests
{
    private const string Cert = "CERTCTL_CA_RETIRED_CERT_PATH";
    private const string Key = "CERTCTL_CA_RETIRED_KEY_PATH";

    [Fact]
    public void Each_has_its_key_or_the_word_that_there_is_none()
    {
        Assert.Empty(Settings.Complete().Options().Ca.Retired);
        var options = Settings.Complete().With(Cert, "/keys/2024.crt,/keys/2022.crt").With(Key, "/keys/2024.key,none").Options();
        Assert.Equal([new RetiredCaPaths("/keys/2024.crt", "/keys/2024.key"), new RetiredCaPaths("/keys/2022.crt", null)],
            options.Ca.Retired);
    }

    [Theory]
    [InlineData("/keys/2024.crt", null, "names 1 files and CERTCTL_CA_RETIRED_KEY_PATH names 0")]
    [InlineData(null, "/keys/2024.key", "names 0 files and CERTCTL_CA_RETIRED_KEY_PATH names 1")]
    [InlineData("/keys/2024.crt,/keys/2022.crt", "/keys/2024.key", "or the word none where the key is destroyed")]
    public void A_key_too_few_or_too_many_is_a_problem(string? certs, string? keys, string said)
    {
        var problem = Settings.Complete().With(Cert, certs).With(Key, keys).Problem();
        Assert.StartsWith(Cert, problem, StringComparison.Ordinal);
        Assert.Contains(said, problem, StringComparison.Ordinal);
    }
}
