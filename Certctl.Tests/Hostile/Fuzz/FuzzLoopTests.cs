using Certctl.Tests.Hostile.Fuzz.Targets;
using Xunit;

namespace Certctl.Tests.Hostile.Fuzz;

/// <summary>The fuzzer finds what it is for: decoders with a fault planted in each.</summary>
public sealed class FuzzLoopTests
{
    private static readonly byte[] Seed = Seeds.Names().First();

    [Fact]
    public void A_decoder_that_throws_is_caught()
    {
        var report = Run(input => Assert.True(input.Length < 1 || input[0] == 0x30));

        Assert.StartsWith("throws Xunit.Sdk.TrueException", report.Broken, StringComparison.Ordinal);
        Assert.NotEqual(0x30, report.BrokenBy[0]);
    }

    [Fact]
    public void A_decoder_that_contradicts_itself_is_caught()
    {
        var report = Run(input => ContradictionException.Unless(input.Length <= Seed.Length, "nothing grows"));

        Assert.Contains("nothing grows", report.Broken, StringComparison.Ordinal);
    }

    [Fact]
    public void A_decoder_that_allocates_too_much_is_caught()
    {
        var kept = new byte[1][];
        var report = Run(input => kept[0] = new byte[input.Length > Seed.Length ? 1024 * 1024 : 16]);

        Assert.StartsWith("allocates 10", report.Broken, StringComparison.Ordinal);
        Assert.True(report.BrokenBy.Length > Seed.Length);
    }

    [Fact]
    public void A_decoder_that_takes_too_long_is_caught()
    {
        var report = Run(input => Thread.Sleep(input.Length > Seed.Length ? (int)FuzzLoop.TimeLimit.TotalMilliseconds + 50 : 0));

        Assert.StartsWith("takes ", report.Broken, StringComparison.Ordinal);
    }

    [Fact]
    public void A_decoder_without_fault_is_left_alone()
    {
        var report = Run(_ => { });

        Assert.Null(report.Broken);
        Assert.Equal(2000, report.Executions);
    }

    [Fact]
    public void What_is_taken_apart_can_be_put_together_again()
    {
        foreach (var der in Seeds.Names().Concat(Seeds.GeneralNames()).Concat(Seeds.Certificates()))
        {
            Assert.True(DerTree.TryParse(der, out var tree));
            Assert.Equal(der, tree.Encode());
            Assert.Equal(der, tree.Clone().Encode());
        }
    }

    private static FuzzReport Run(Action<byte[]> decoder)
    {
        using var last = new LastInput(Path.GetTempFileName());
        return new FuzzLoop(new FuzzTarget("planted", () => [Seed], decoder), seed: 1, last).Run(2000, TimeSpan.FromMinutes(1));
    }
}
