using Certctl.Domain.Certificates;
using Xunit;

namespace Certctl.Tests.Domain.Certificates;

public sealed class SerialNumberTextTests
{
    private const string Serial = "00c81e728d9d4c2f636f067f89cc14862c9990ab";

    [Theory]
    [InlineData(Serial)]
    [InlineData("c81e728d9d4c2f636f067f89cc14862c9990ab")]
    [InlineData("C81E728D9D4C2F636F067F89CC14862C9990AB")]
    [InlineData("0000c81e728d9d4c2f636f067f89cc14862c9990ab")]
    [InlineData("0xC81E728D9D4C2F636F067F89CC14862C9990AB")]
    [InlineData("0X00c81e728d9d4c2f636f067f89cc14862c9990ab")]
    [InlineData("C8:1E:72:8D:9D:4C:2F:63:6F:06:7F:89:CC:14:86:2C:99:90:AB")]
    [InlineData("00:c8:1e:72:8d:9d:4c:2f:63:6f:06:7f:89:cc:14:86:2c:99:90:ab")]
    [InlineData("\u200E00 c8 1e 72 8d 9d 4c 2f 63 6f 06 7f 89 cc 14 86 2c 99 90 ab")]
    [InlineData("  00-c8-1e-72-8d-9d-4c-2f-63-6f-06-7f-89-cc-14-86-2c-99-90-ab ")]
    [InlineData("4462801388711789652781236335867279879597297835")]
    public void Every_form_of_a_number_is_that_number(string written) => Assert.Equal(Serial, SerialNumberText.Read(written));

    [Theory]
    [InlineData("1", "0000000000000000000000000000000000000001")]
    [InlineData("0f", "000000000000000000000000000000000000000f")]
    [InlineData("1234567890123456789012345678901234567890", "1234567890123456789012345678901234567890")]
    [InlineData("0001234567890123456789012345678901234567890", "1234567890123456789012345678901234567890")]
    [InlineData("12345678901234567890123456789012345678901", "0000002447db449988978536bf5bbbe40e766c35")]
    [InlineData("1461501637330902918203684832716283019655932542975", "ffffffffffffffffffffffffffffffffffffffff")]
    [InlineData("0000000000000000000000000000000000000000000000000000000000ff", "00000000000000000000000000000000000000ff")]
    public void The_ends_of_the_range_are_read(string written, string serial) => Assert.Equal(serial, SerialNumberText.Read(written));

    [Theory]
    [InlineData("")]
    [InlineData("0")]
    [InlineData("00:00")]
    [InlineData("0x")]
    [InlineData("-c81e728d9d4c2f636f067f89cc14862c9990ab")]
    [InlineData("-1")]
    [InlineData(":01")]
    [InlineData("01:")]
    [InlineData("01::02")]
    [InlineData("xyz")]
    [InlineData("0x0x01")]
    [InlineData("1461501637330902918203684832716283019655932542976")]
    [InlineData("1f1e728d9d4c2f636f067f89cc14862c9990abcdef0")]
    [InlineData("\u0661\u0662")]
    public void What_is_no_positive_number_of_20_octets_is_none(string written) => Assert.Null(SerialNumberText.Read(written));

    [Fact]
    public void What_is_longer_than_any_form_is_none() => Assert.Null(SerialNumberText.Read(new string('0', 300) + "1"));
}
