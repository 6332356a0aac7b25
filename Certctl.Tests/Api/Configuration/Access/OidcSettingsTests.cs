using Xunit;

namespace Certctl.Tests.Api.Configuration.Access;

/// <summary>An issuer of tokens is named whole or not at all, and never where no key is asked for.</summary>
public sealed class OidcSettingsTests
{
    [Fact]
    public void Without_the_issuer_the_rest_counts_for_nothing_and_stops_the_start() => Assert.Equal(
        ["CERTCTL_OIDC_AUDIENCE", "CERTCTL_OIDC_CLIENT_ID", "CERTCTL_OIDC_ROLE_MAP"],
        Settings.Complete().WithOidc().With("CERTCTL_OIDC_AUTHORITY", null).Reading().Problems.Select(problem => problem.Split(' ')[0])
            .Order());

    [Fact]
    public void Without_pages_the_client_has_no_effect() => Assert.Equal(
        "CERTCTL_OIDC_CLIENT_ID has no effect: CERTCTL_UI_ENABLED is false.",
        Assert.Single(Settings.Complete().WithOidc().With("CERTCTL_UI_ENABLED", "false").Reading().Warnings));

    [Theory]
    [InlineData("CERTCTL_OIDC_CLIENT_SECRET", "a secret of the pages")]
    [InlineData("CERTCTL_OIDC_SCOPES", "openid")]
    public void What_belongs_to_the_client_of_the_pages_is_not_set_without_it(string name, string value)
    {
        var problem = Settings.Complete().WithOidc().With("CERTCTL_OIDC_CLIENT_ID", null).With(name, value).Problem();
        Assert.StartsWith(name, problem, StringComparison.Ordinal);
        Assert.Contains("CERTCTL_OIDC_CLIENT_ID is not", problem, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("CERTCTL_OIDC_AUTHORITY", "tokens would count for nothing")]
    [InlineData("CERTCTL_CORS_ORIGINS", "pages of others would be admins")]
    public void Without_authentication_neither_tokens_nor_other_origins_are_accepted(string name, string said)
    {
        var environment = Settings.Complete().With("CERTCTL_AUTH_TYPE", "none");
        var problem =
            (name == "CERTCTL_OIDC_AUTHORITY" ? environment.WithOidc() : environment.With(name, "https://portal.example.com")).Problem();
        Assert.StartsWith(name, problem, StringComparison.Ordinal);
        Assert.Contains(said, problem, StringComparison.Ordinal);
    }
}
