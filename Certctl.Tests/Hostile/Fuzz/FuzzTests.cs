using System.Globalization;
using Certctl.Tests.Hostile.Fuzz.Targets;
using Xunit;
using Xunit.Abstractions;

namespace Certctl.Tests.Hostile.Fuzz;

/// <summary>
/// Every decoder that reads a stranger's bytes, against inputs that grow from good ones towards code not reached before: nothing is thrown,
/// nothing takes long or much memory, and what is accepted does not contradict itself. A second each here;
/// for long runs see <c>./fuzz.sh</c> and docs/testing.md.
/// </summary>
public sealed class FuzzTests(ITestOutputHelper output)
{
    private const int UsualSeconds = 1;
    private const int Days = 3 * 24 * 3600;
    private const int UsualSeed = 8894;

    public static TheoryData<string> Decoders() =>
        [.. FuzzTargets.All.Select(target => target.Name).Where(name => Variable("DECODER") is null or "" || Variable("DECODER") == name)];

    [Theory]
    [MemberData(nameof(Decoders))]
    [Trait("Conformance", "Z-1")]
    public void A_decoder_withstands_invented_input(string decoder)
    {
        var executions = Number("EXECUTIONS");
        var seed = (int)(Number("SEED") ?? (executions is null ? UsualSeed : Random.Shared.Next()));

        var figures = InstrumentedProduct.Run(
            decoder, executions ?? long.MaxValue, executions is null ? UsualSeconds : Days, seed, Variable("INPUT") ?? "");

        output.WriteLine($"{decoder}: {figures}, seed {seed}");
    }

    private static long? Number(string name) => long.TryParse(Variable(name), CultureInfo.InvariantCulture, out var number) ? number : null;

    private static string? Variable(string name) => Environment.GetEnvironmentVariable("CERTCTL_FUZZ_" + name);
}
