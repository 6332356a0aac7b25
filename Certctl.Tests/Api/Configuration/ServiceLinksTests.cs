using Xunit;

namespace Certctl.Tests.Api.Configuration;

/// <summary>Kubernetes sets variables for each Service of a namespace; those of one named certctl begin as ours do.</summary>
public sealed class ServiceLinksTests
{
    [Theory]
    [InlineData("CERTCTL", "TCP", "tcp", "10.96.0.10", "10.96.0.10")]
    [InlineData("CERTCTL", "TCP", "tcp", "[fd00:10::1]", "fd00:10::1")]
    [InlineData("CERTCTL_SERVER", "TCP", "tcp", "10.96.0.10", "10.96.0.10")]
    [InlineData("CERTCTL_SERVER_MTLS", "TCP", "tcp", "[fd00:10::1]", "fd00:10::1")]
    [InlineData("CERTCTL_X", "TCP", "tcp", "10.96.0.10", "10.96.0.10")]
    [InlineData("CERTCTL_DB", "TCP", "tcp", "10.96.0.11", "10.96.0.11")]
    [InlineData("CERTCTL_DNS_UDP", "UDP", "udp", "10.96.0.12", "10.96.0.12")]
    [InlineData("CERTCTL_MTLS_PORT_X", "SCTP", "sctp", "10.96.0.13", "10.96.0.13")]
    public void The_variables_of_a_Service_are_ignored_with_one_line(
        string service, string upper, string lower, string host, string address)
    {
        var environment = Settings.Complete();
        Dictionary<string, string> links = new()
        {
            [$"{service}_PORT"] = $"{lower}://{host}:8443",
            [$"{service}_SERVICE_HOST"] = address,
            [$"{service}_SERVICE_PORT"] = "8443",
            [$"{service}_SERVICE_PORT_HTTPS"] = "8443",
            [$"{service}_SERVICE_PORT_SCEP_MTLS"] = "8444",
            [$"{service}_PORT_8443_{upper}"] = $"{lower}://{host}:8443",
            [$"{service}_PORT_8443_{upper}_PROTO"] = lower,
            [$"{service}_PORT_8443_{upper}_PORT"] = "8443",
            [$"{service}_PORT_8443_{upper}_ADDR"] = address,
        };
        foreach (var (name, value) in links)
            environment[name] = value;

        var reading = environment.Reading();

        Assert.Empty(reading.Problems);
        var warning = Assert.Single(reading.Warnings);
        Assert.All(links.Keys, name => Assert.Contains(name, warning, StringComparison.Ordinal));
        Assert.Contains("enableServiceLinks: false", warning, StringComparison.Ordinal);
    }

    [Fact]
    public void A_Service_named_certctl_server_does_not_hide_the_port_that_is_set_nor_become_one()
    {
        var environment = Settings.Complete().With("CERTCTL_SERVER_SERVICE_HOST", "10.96.0.10").With("CERTCTL_SERVER_SERVICE_PORT", "8443")
            .With("CERTCTL_SERVER_PORT_8443_TCP", "tcp://10.96.0.10:8443").With("CERTCTL_SERVER_PORT_8443_TCP_ADDR", "10.96.0.10");

        Assert.Equal(8080, environment.With("CERTCTL_SERVER_PORT", "tcp://10.96.0.10:8443").Options().Server.Port);

        // Kubernetes leaves out what the pod's specification sets, and no more.
        Assert.Equal(9443, environment.With("CERTCTL_SERVER_PORT", "9443").Options().Server.Port);
    }

    [Theory]
    [InlineData("CERTCTL_SERVICE_PORT", "8443", "CERTCTL_SERVER_PORT")]
    [InlineData("CERTCTL_SERVICE_HOST", "10.0.0.1", "CERTCTL_SERVER_HOST")]
    [InlineData("CERTCTL_PORT", "8443", "CERTCTL_")]
    [InlineData("CERTCTL_SERVER_PORTS", "tcp://10.0.0.1:1", "CERTCTL_SERVER_PORT")]
    public void A_misspelt_name_of_ours_is_still_refused(string name, string value, string meant)
    {
        var problem = Settings.Complete().With(name, value).Problem();

        Assert.StartsWith($"{name} is unknown; did you mean {meant}", problem, StringComparison.Ordinal);
    }

    [Fact]
    public void Beside_the_links_a_misspelt_name_is_refused_and_a_link_with_an_odd_value_too()
    {
        var environment = Settings.Complete().With("CERTCTL_PORT", "tcp://10.96.0.10:8443").With("CERTCTL_SERVICE_HOST", "10.96.0.10");

        Assert.Equal(
            "CERTCTL_SERVER_PROT is unknown; did you mean CERTCTL_SERVER_PORT?", environment.With("CERTCTL_SERVER_PROT", "1").Problem());
        Assert.StartsWith(
            "CERTCTL_SERVICE_PORT is unknown",
            environment.With("CERTCTL_SERVER_PROT", null).With("CERTCTL_SERVICE_PORT", "no number").Problem(),
            StringComparison.Ordinal);
    }
}
