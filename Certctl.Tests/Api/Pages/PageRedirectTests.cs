using Certctl.Api.Pages.Hosting;
using Certctl.Api.Pages.Session;
using Microsoft.AspNetCore.Http;
using Xunit;

namespace Certctl.Tests.Api.Pages;

/// <summary>Which requests are sent to a page, and where a page may send a browser.</summary>
public sealed class PageRedirectTests
{
    private const string Html = "text/html,application/xhtml+xml,*/*;q=0.8";

    [Theory]
    [InlineData("/", "", Html, "ui/")]
    [InlineData("/scep", "", Html, "ui/scep")]
    [InlineData("/scep/intune", "", Html, "../ui/scep?tab=intune")]
    [InlineData("/scep", "?lang=en", Html, "ui/scep")]
    [InlineData("/scep", "?operation=GetCACaps", Html, null)]
    [InlineData("/scep/intune", "?operation=", Html, null)]
    [InlineData("/scep", "", "*/*", null)]
    [InlineData("/scep", "", "", null)]
    [InlineData("/scep/corp", "", Html, null)]
    [InlineData("/api/v1/health", "", Html, null)]
    public void A_browser_that_names_no_operation_is_sent_to_the_page(string path, string query, string accept, string? target)
    {
        var request = new DefaultHttpContext().Request;
        (request.Method, request.Path, request.QueryString) = ("GET", path, new QueryString(query));
        request.Headers.Accept = accept;
        Assert.Equal(target, PageRedirects.TargetOf(request));

        request.Method = "POST";
        Assert.Null(PageRedirects.TargetOf(request));
    }

    [Theory]
    [InlineData("/ui/scep?tab=intune", true)]
    [InlineData("/ui/", true)]
    [InlineData("//evil.example/", false)]
    [InlineData("https://evil.example/ui/", false)]
    [InlineData("/ui//evil.example", false)]
    [InlineData("/ui/\\evil.example", false)]
    [InlineData("/uil", false)]
    [InlineData("/ui/\r\nx: y", false)]
    [InlineData("", false)]
    public void After_signing_in_only_a_page_is_opened(string target, bool opened)
    {
        var http = new DefaultHttpContext();
        http.Request.PathBase = "/ui";
        Assert.Equal(opened, SessionEndpoints.IsPage(http, target));
    }
}
