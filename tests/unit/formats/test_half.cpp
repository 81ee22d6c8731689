// half.h: conversions are exact where they can be and round to nearest even where not.
#include <bit>
#include <cmath>
#include <limits>

#include <QtTest>

#include "formats/half.h"

using namespace llamahome::formats;

class TestHalf final : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void everyHalfSurvivesTheWayThroughFloat() {
        for (std::uint32_t bits = 0; bits <= 0xFFFF; ++bits) {
            const auto half = static_cast<std::uint16_t>(bits);
            const float value = halfToFloat(half);
            if (std::isnan(value))
                QVERIFY(std::isnan(halfToFloat(floatToHalf(value))));
            else
                QCOMPARE(floatToHalf(value), half);
        }
    }

    void halvesHaveTheirIeeeValues() {
        QCOMPARE(halfToFloat(0x3C00), 1.0F);
        QCOMPARE(halfToFloat(0xC000), -2.0F);
        QCOMPARE(halfToFloat(0x7BFF), 65504.0F);
        QCOMPARE(halfToFloat(0x0001), 0x1p-24F);
        QCOMPARE(halfToFloat(0x03FF), 1023 * 0x1p-24F);
        QCOMPARE(halfToFloat(0x2008), 0.00787353515625F); // llama.md 8.3
        QCOMPARE(halfToFloat(0xFC00), -std::numeric_limits<float>::infinity());
        QCOMPARE(std::bit_cast<std::uint32_t>(halfToFloat(0x8000)), 0x80000000U);
    }

    void floatsBetweenTwoHalvesGoToTheNearestAndTiesToEven() {
        for (std::uint16_t half = 0; half < 0x7BFF; ++half) {
            const float low = halfToFloat(half);
            const float high = halfToFloat(static_cast<std::uint16_t>(half + 1));
            const float middle = low + (high - low) / 2; // exact: one more bit than a half has
            const auto even = static_cast<std::uint16_t>(half % 2 == 0 ? half : half + 1);
            QCOMPARE(floatToHalf(middle), even);
            QCOMPARE(floatToHalf(-middle), static_cast<std::uint16_t>(even | 0x8000));
            QCOMPARE(floatToHalf(std::nextafter(middle, 0.0F)), half);
            QCOMPARE(floatToHalf(std::nextafter(middle, 1e9F)), static_cast<std::uint16_t>(half + 1));
        }
    }

    void tooLargeForHalfIsInfinity() {
        QCOMPARE(floatToHalf(65519.996F), std::uint16_t{0x7BFF});
        QCOMPARE(floatToHalf(65520.0F), std::uint16_t{0x7C00});
        QCOMPARE(floatToHalf(-1e30F), std::uint16_t{0xFC00});
        QCOMPARE(floatToHalf(1e-30F), std::uint16_t{0});
    }

    void bfloat16RoundsAsTheReferenceVectors() { // llama.md 8.3
        QCOMPARE(floatToBfloat16(1.00390625F), std::uint16_t{0x3F80});
        QCOMPARE(floatToBfloat16(1.005859375F), std::uint16_t{0x3F81});
        QCOMPARE(floatToBfloat16(3.14159265F), std::uint16_t{0x4049});
        QCOMPARE(floatToBfloat16(-0.1F), std::uint16_t{0xBDCD});
        QCOMPARE(floatToBfloat16(std::numeric_limits<float>::max()), std::uint16_t{0x7F80});
    }

    void everyBfloat16SurvivesAndNanStaysNan() {
        for (std::uint32_t bits = 0; bits <= 0xFFFF; ++bits) {
            const auto narrow = static_cast<std::uint16_t>(bits);
            const float value = bfloat16ToFloat(narrow);
            if (std::isnan(value))
                QVERIFY(std::isnan(bfloat16ToFloat(floatToBfloat16(value))));
            else
                QCOMPARE(floatToBfloat16(value), narrow);
        }
        QVERIFY(std::isnan(bfloat16ToFloat(floatToBfloat16(std::bit_cast<float>(0x7F800001U)))));
    }
};

QTEST_GUILESS_MAIN(TestHalf)
#include "test_half.moc"
