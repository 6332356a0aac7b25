using Certctl.Application.Enrolment;
using Xunit;

namespace Certctl.Tests.Application.Enrolment;

public sealed class ForeignTextTests
{
    [Theory]
    [InlineData("disk not encrypted", "disk not encrypted")]
    [InlineData("  two\r\nlines\t ", "twolines")]
    [InlineData("\u001b[31mred", "[31mred")]
    [InlineData("left\u202eright\u200b\u2028end\u0085", "leftrightend")]
    [InlineData("half \ud83d a pair", "half  a pair")]
    [InlineData("Gerät 😀", "Gerät 😀")]
    public void What_would_move_a_cursor_or_write_a_line_is_left_out(string text, string clean) => Assert.Equal(clean, ForeignText.Clean(text));

    [Fact]
    public void No_more_than_its_beginning_is_kept_and_no_half_of_a_character()
    {
        Assert.Equal(256, ForeignText.Clean(new string('x', 10_000)).Length);
        Assert.Equal(new string('x', 255), ForeignText.Clean(new string('x', 255) + "😀"));
    }
}
