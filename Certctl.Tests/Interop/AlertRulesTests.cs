using System.Text.Json;
using System.Text.RegularExpressions;
using Certctl.Tests.Architecture;
using Certctl.Tests.Fixtures;
using Xunit;

namespace Certctl.Tests.Interop;

/// <summary>The alerts of samples/prometheus ask for series and labels that docs/operations.md has, and TelemetryTests sees at /metrics.</summary>
public sealed partial class AlertRulesTests
{
    [Fact]
    public void Each_alert_asks_for_a_series_that_there_is_and_says_what_to_do()
    {
        var series = SourceTree.Read("docs/operations.md").Split('\n').Where(line => line.StartsWith("| `certctl_", StringComparison.Ordinal))
            .SelectMany(line => Series().Matches(line.Split('|')[1]))
            .ToDictionary(match => match.Groups[1].Value, match => match.Groups[2].Value.Split(',', StringSplitOptions.RemoveEmptyEntries));
        const string ToJson = "import json,sys,yaml; print(json.dumps(yaml.safe_load(open(sys.argv[1]))))";
        var rules = JsonDocument.Parse(ExternalTool.Run(
            "/usr/bin/python3", "-c", ToJson, SourceTree.PathOf("samples/prometheus/certctl.rules.yml")).MustSucceed().Output).RootElement
            .GetProperty("groups").EnumerateArray().SelectMany(group => group.GetProperty("rules").EnumerateArray()).ToList();

        Assert.InRange(rules.Count, 8, 100);
        Assert.Equal(rules.Count, rules.Select(rule => rule.GetProperty("alert").GetString()).Distinct().Count());
        foreach (var rule in rules)
        {
            var expression = rule.GetProperty("expr").GetString()!;
            foreach (var asked in Series().Matches(expression).Where(match => match.Groups[1].Value != "certctl"))
            {
                Assert.Contains(asked.Groups[1].Value, series.Keys);
                foreach (var label in Label().Matches(asked.Groups[2].Value).Select(match => match.Groups[1].Value))
                    Assert.Contains(label, series[asked.Groups[1].Value]);
            }

            Assert.Contains(rule.GetProperty("labels").GetProperty("severity").GetString(), new[] { "critical", "warning", "info" });
            var annotations = rule.GetProperty("annotations");
            Assert.False(string.IsNullOrEmpty(annotations.GetProperty("summary").GetString()));
            Assert.False(string.IsNullOrEmpty(annotations.GetProperty("description").GetString()));
        }
    }

    [GeneratedRegex(@"\b(certctl_[a-z0-9_]+)(?:\{([^}]*)\})?")]
    private static partial Regex Series();

    [GeneratedRegex("([a-z_]+)\\s*=~?\"")]
    private static partial Regex Label();
}
