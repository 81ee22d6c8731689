// Files of torch.save(): real ones read like the same tensors as safetensors; damaged and hostile ones are
// refused in words, and nothing that they name is called. PT-n are the cases of the reliability study.
#include <QtTest>

#include "core/error_codes.h"
#include "formats/safetensors/safetensors_reader.h"
#include "formats/torch/torch_reader.h"
#include "pickle_bytes_maker.h"
#include "support/temporary_folder.h"

using namespace llamahome;
using namespace llamahome::formats;
using namespace llamahome::testing;

namespace {

/// The error of opening the file or of reading its tensors.
Error errorOf(const std::string& bytes) {
    const TemporaryFolder folder;
    writeBytes(folder / "x.pth", bytes);
    const auto reader = TorchReader::open(folder / "x.pth");
    if (!reader) return reader.error();
    for (const TensorInfo& tensor : (*reader)->tensors()) {
        std::vector<std::byte> out(tensor.byteSize());
        if (auto read = (*reader)->read(tensor, out); !read) return read.error();
    }
    return Error{{"none", ErrorClass::Failed}, "was accepted"};
}

/// The error of a file with one tensor, "w", whose honest description was changed.
std::string withTensor(const std::function<void(PickledTensorFields&)>& change) {
    PickledTensorFields fields;
    change(fields);
    return torchFile(pickled(dictOp(fields.ops())));
}

std::string repeated(const std::string& text, int count) {
    std::string all;
    for (int i = 0; i < count; ++i)
        all += text;
    return all;
}

ZipMember packedMember(const std::string& name, const std::string& text) {
    return deflatedMember(name, text);
}

} // namespace

class TestTorchReader : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void readsWhatTorchWrote_data() {
        QTest::addColumn<QString>("file");
        QTest::addColumn<QString>("expected");
        QTest::newRow("every type") << "types.pth"
                                    << "types.safetensors";
        QTest::newRow("shared storage, offset, scalar, empty") << "parts.pth"
                                                               << "parts.safetensors";
        QTest::newRow("parameters and _metadata") << "module.pth"
                                                  << "module.safetensors";
        QTest::newRow("below state_dict") << "nested.pth"
                                          << "types.safetensors";
        QTest::newRow("pickle protocol 4") << "protocol_4.pth"
                                           << "types.safetensors";
    }
    void readsWhatTorchWrote() {
        QFETCH(const QString, file);
        QFETCH(const QString, expected);
        auto reader = TorchReader::open(fixture("torch/" + file.toStdString()));
        QVERIFY2(reader, reader ? "" : reader.error().message.c_str());
        auto same = SafetensorsReader::open(fixture("torch/" + expected.toStdString()));
        QVERIFY(same);
        QCOMPARE((*reader)->tensors().size(), (*same)->tensors().size());
        for (const TensorInfo& wanted : (*same)->tensors()) {
            const TensorInfo* const found = (*reader)->find(wanted.name);
            QVERIFY2(found != nullptr, wanted.name.c_str());
            QCOMPARE(found->dtype, wanted.dtype);
            QVERIFY2(found->shape == wanted.shape, wanted.name.c_str());
            QVERIFY2(tensorBytes(**reader, *found) == tensorBytes(**same, wanted), wanted.name.c_str());
        }
    }

    void anHonestFileIsRead() {
        QCOMPARE(errorOf(withTensor([](PickledTensorFields&) {})).message, std::string("was accepted"));
        QCOMPARE(errorOf(withTensor([](PickledTensorFields& t) {
                     t.offset = 2;
                     t.shape = {4};
                     t.strides = {1};
                 })).message,
                 std::string("was accepted"));
    }

    void theSecondReadOfAStorageGivesTheSameBytes() {
        auto reader = TorchReader::open(fixture("torch/parts.pth"));
        QVERIFY(reader);
        for (const TensorInfo& tensor : (*reader)->tensors())
            QCOMPARE(tensorBytes(**reader, tensor), tensorBytes(**reader, tensor));
    }

    void refuses_data() {
        QTest::addColumn<QByteArray>("bytes");
        QTest::addColumn<QString>("code");
        QTest::addColumn<QString>("words");
        const auto add = [](const char* name, const std::string& bytes, const char* code, const char* words) {
            QTest::newRow(name) << QByteArray::fromStdString(bytes) << code << words;
        };
        const auto addPickle = [&](const char* name, const std::string& ops, const char* code,
                                   const char* words) { add(name, torchFile(pickled(ops)), code, words); };
        const std::string tensor = PickledTensorFields().ops();
        addNames(addPickle);
        addOpcodes(addPickle, tensor);
        addStructure(add, addPickle, tensor);
        addStorages(add, addPickle, tensor);
        addGeometry(add);
        addContainers(add, tensor);
    }
    void refuses() {
        QFETCH(const QByteArray, bytes);
        QFETCH(const QString, code);
        QFETCH(const QString, words);
        const Error error = errorOf(bytes.toStdString());
        QVERIFY2(error.code.text == code.toStdString(), error.message.c_str());
        QVERIFY2(QString::fromStdString(error.message).contains(words), error.message.c_str());
        QVERIFY2(error.message.find("x.pth") != std::string::npos, error.message.c_str());
    }

private:
    template <typename Add>
    static void addNames(const Add& add) {
        const auto call = [](const char* module, const char* name) {
            return globalOp(module, name) + tupleOp({textOp("touch /tmp/x")}) + "R";
        };
        add("PT-01 os.system", call("os", "system"), "PT-01", "asks to run \"os.system\"");
        add("PT-01 posix.system", call("posix", "system"), "PT-01", "was not opened");
        add("PT-01 subprocess.Popen", call("subprocess", "Popen"), "PT-01", "subprocess.Popen");
        add("PT-01 builtins.eval", call("builtins", "eval"), "PT-01", "builtins.eval");
        add("PT-01 builtins.exec", call("__builtin__", "exec"), "PT-01", "exec");
        add("PT-01 builtins.getattr", call("builtins", "getattr"), "PT-01", "getattr");
        add("PT-01 below a package", call("os.path", "join"), "PT-01", "os.path.join");
        add("PT-02 torch.load", call("torch", "load"), "PT-02", "torch.load");
        add("PT-02 torch.hub", call("torch.hub", "load"), "PT-02", "torch.hub.load");
        add("PT-02 numpy", call("numpy.core.multiarray", "_reconstruct"), "PT-02", "_reconstruct");
        add("PT-02 operator.attrgetter", call("operator", "attrgetter"), "PT-02", "attrgetter");
        add("PT-02 functools.partial", call("functools", "partial"), "PT-02", "partial");
        add("PT-02 newer tensors", call("torch._utils", "_rebuild_tensor_v3"), "PT-02", "_rebuild_tensor_v3");
        add("PT-03 name made of a tuple", textOp("os") + tupleOp({textOp("system")}) + "\x93", "PT-03",
            "not spelled out");
        add("PT-01 by STACK_GLOBAL", textOp("os") + textOp("system") + "\x93", "PT-01", "os.system");
        add("PT-01 from the memo",
            textOp("os") + "q" + std::string(1, '\0') + "h" + std::string(1, '\0') + textOp("system") +
                "\x93",
            "PT-01", "os.system");
    }

    template <typename Add>
    static void addOpcodes(const Add& add, const std::string& tensor) {
        add("PT-04 INST", "(ios\nsystem\n", "PT-04", "opcode 0x69 (INST)");
        add("PT-04 OBJ", "(" + kOrderedDictOp + "o", "PT-04", "(OBJ)");
        add("PT-04 NEWOBJ", kOrderedDictOp + ")\x81", "PT-04", "(NEWOBJ)");
        add("PT-04 NEWOBJ_EX", kOrderedDictOp + ")}\x92", "PT-04", "(NEWOBJ_EX)");
        add("PT-04 EXT1", "\x82\x01", "PT-04", "(EXT1)");
        add("PT-04 EXT4", "\x84" + numberBytes(1), "PT-04", "(EXT4)");
        add("PT-04 PERSID", "Pstorage\n", "PT-04", "(PERSID)");
        add("PT-04 DUP", "}2", "PT-04", "(DUP)");
        add("PT-04 unknown", "\xff", "PT-04", "opcode 0xff");
        add("PT-04 state of a tensor", tensor + "}b", "PT-04", "a state for something");
        add("PT-04 state that is no dictionary", kOrderedDictOp + textOp("x") + "b", "PT-04", "a state for");
        add("PT-05 OrderedDict with arguments",
            globalOp("collections", "OrderedDict") + tupleOp({textOp("x")}) + "R", "PT-05", "with arguments");
        add("PT-05 call of a text", textOp("x") + ")R", "PT-05", "a call of something");
        add("PT-05 call of a storage's type", globalOp("torch", "FloatStorage") + ")R", "PT-05",
            "storage's type");
        add("PT-05 tensor of nothing", globalOp("torch._utils", "_rebuild_tensor_v2") + ")R", "PT-05",
            "whose description is none");
        add("PT-05 parameter of a text",
            globalOp("torch._utils", "_rebuild_parameter") + tupleOp({textOp("x"), "\x88", kOrderedDictOp}) +
                "R",
            "PT-05", "holds no tensor");
        add("PT-06 item of a tensor", tensor + textOp("k") + textOp("v") + "s", "PT-06", "no dictionary");
        add("PT-06 items of a text", textOp("x") + "(" + textOp("k") + textOp("v") + "u", "PT-06",
            "no dictionary");
        add("PT-06 odd items", "}(" + textOp("k") + "u", "PT-06", "no dictionary");
        add("PT-06 append to a dictionary", "}" + textOp("x") + "a", "PT-06", "no list");
        add("PT-06 appends to a tuple", ")(" + textOp("x") + "e", "PT-06", "no list");
        add("PT-12 INT", "I10\n", "PT-04", "(INT)");
        add("PT-12 LONG", "L0x10L\n", "PT-04", "(LONG)");
    }

    template <typename Add, typename AddPickle>
    static void addStructure(const Add& add, const AddPickle& addPickle, const std::string& tensor) {
        addPickle("PT-07 empty stack", "s", "PT-07", "a value that is not there");
        addPickle("PT-07 nothing at the end", "", "PT-07", "a value that is not there");
        addPickle("PT-07 below the mark", "}(s", "PT-07", "a value that is not there");
        addPickle("PT-07 no mark", "}t", "PT-07", "without its beginning");
        addPickle("PT-07 memo not set", "h\x05", "PT-07", "reference to value 5");
        addPickle("PT-07 memo 2^31", "}r" + numberBytes(0x80000000U), "PT-07", "2147483648");
        addPickle("PT-07 memo read 2^31", "j" + numberBytes(0x80000000U), "PT-07", "2147483648");
        addPickle("PT-07 two roots", "}}", "PT-07", "belong to nothing");
        addPickle("PT-07 text no UTF-8", textOp("\xff\xfe"), "PT-07", "no UTF-8");
        add("PT-07 protocol 1", torchFile("\x80\x01}."), "PT-07", "protocol 1");
        add("PT-07 protocol 9", torchFile("\x80\x09}."), "PT-07", "protocol 9");
        add("PT-07 no protocol", torchFile("}."), "PT-07", "found no pickle");
        addPickle("PT-08 too many values", repeated("N", 1'000'001), "PT-08", "more than 1000000 values");
        addPickle("PT-08 too many marks", repeated("(", 1'000'001), "PT-08", "unfinished lists");
        addPickle("PT-08 too many references",
                  std::string("Nq\0", 3) + repeated(std::string("h\0", 2), 1'000'001), "PT-08",
                  "values in a row");
        addPickle("PT-22 shape of a hundred numbers", dictOp([] {
                      PickledTensorFields fields;
                      fields.shape.assign(100, 1);
                      fields.strides.assign(100, 1);
                      return fields.ops();
                  }()),
                  "PT-05", "whose description is none");
        addPickle("PT-09 list in itself", "]q" + std::string(1, '\0') + "h" + std::string(1, '\0') + "a",
                  "PT-09", "used twice");
        addPickle("PT-09 dictionary in itself",
                  "}q" + std::string(1, '\0') + textOp("k") + "h" + std::string(1, '\0') + "s", "PT-09",
                  "used twice");
        addPickle("PT-10 text of 4 GB", "X" + numberBytes(0xFFFFFFFFU), "PT-10", "4294967295 bytes");
        addPickle("PT-10 text beyond the end", "X" + numberBytes(500U) + "x", "PT-10", "that are left");
        addPickle("PT-10 text above 64 KiB", textOp(std::string(65537, 'x')), "PT-10", "65537 bytes");
        addPickle("PT-10 LONG1 of 9 bytes", "\x8a\x09" + std::string(9, '\x01'), "PT-10", "9 bytes");
        addPickle("PT-10 LONG4", "\x8b" + numberBytes(1U << 30), "PT-04", "(LONG4)");
        addPickle("PT-10 BINUNICODE8", "\x8d" + numberBytes(std::uint64_t{1} << 62), "PT-04",
                  "(BINUNICODE8)");
        addPickle("PT-10 frame beyond the end", "\x95" + numberBytes(std::uint64_t{1} << 62), "PT-10",
                  "a frame");
        addPickle("PT-10 name without an end", "ctorch", "PT-10", "without an end");
        add("PT-11 bytes after the end", torchFile(pickled(dictOp(tensor)) + "}."), "PT-11",
            "2 bytes after its end");
        add("PT-11 no end", torchFile("\x80\x02" + dictOp(tensor)), "PT-11", "found no end");
        addPickle("PT-13 tuples in each other", ")" + repeated("\x85", 1'000'000 - 10), "PT-13",
                  "more than 64");
        addPickle("PT-13 lists in each other", repeated("]", 100) + repeated("a", 99), "PT-13",
                  "more than 64");
        addPickle("PT-14 list at the root", "]", "PT-14", "no dictionary");
        addPickle("PT-14 tensor at the root", tensor, "PT-14", "no dictionary");
        addPickle("PT-14 empty", "}", "PT-14", "is empty");
        addPickle("PT-14 key no text", dictOp(tensor, intOp(1)), "PT-14", "a key that is no text");
        addPickle("PT-14 value no tensor", dictOp(intOp(1)), "PT-14", "under \"w\" is no tensor");
        addPickle("PT-14 name twice", "}(" + textOp("w") + tensor + textOp("w") + tensor + "u", "PT-14",
                  "twice");
        addPickle("PT-14 name empty", dictOp(tensor, textOp("")), "PT-14", "not allowed");
        addPickle("PT-14 name with a line feed", dictOp(tensor, textOp("a\nb")), "PT-14", "not allowed");
        addPickle("PT-14 name of 2000 bytes", dictOp(tensor, textOp(std::string(2000, 'n'))), "PT-14",
                  "not allowed");
    }

    template <typename Add, typename AddPickle>
    static void addStorages(const Add& add, const AddPickle& addPickle, const std::string& tensor) {
        addPickle("PT-15 too short", tupleOp({textOp("storage"), textOp("0")}) + "Q", "PT-15", "no storage");
        addPickle("PT-15 no tuple", textOp("0") + "Q", "PT-15", "no storage");
        add("PT-15 other kind", withTensor([](auto& t) { t.kind = "module"; }), "PT-15", "no storage");
        add("PT-15 type a text", withTensor([](auto& t) { t.type = textOp("FloatStorage"); }), "PT-15",
            "no storage");
        add("PT-15 type no storage",
            withTensor([](auto& t) { t.type = globalOp("collections", "OrderedDict"); }), "PT-15",
            "no storage");
        add("PT-15 negative count", withTensor([](auto& t) { t.elements = -6; }), "PT-15", "no storage");
        for (const char* const key : {"../../x", "a/b", "/etc/passwd", "", "a.b"})
            add(("PT-16 key " + std::string(key)).c_str(), withTensor([&](auto& t) { t.key = key; }), "PT-16",
                "a storage named");
        add("PT-16 key with a zero", withTensor([](auto& t) { t.key = std::string("0\0", 2); }), "PT-16",
            "named");
        add("PT-17", withTensor([](auto& t) { t.key = "7"; }), "PT-17",
            "storage 7 of tensor \"w\" is missing");
        add("PT-18 member too short", torchFile(pickled(dictOp(tensor)), {}, std::string(20, 'x')), "PT-18",
            "has 20 bytes, expected 24");
        add("PT-18 member too long", torchFile(pickled(dictOp(tensor)), {}, std::string(25, 'x')), "PT-18",
            "has 25 bytes, expected 24");
        PickledTensorFields halves;
        halves.type = globalOp("torch", "HalfStorage");
        halves.elements = 12;
        add("PT-23", torchFile(pickled("}(" + textOp("w") + tensor + textOp("v") + halves.ops() + "u")),
            "PT-23", "as 12 elements of F16, another one as 6 of F32");
    }

    template <typename Add>
    static void addGeometry(const Add& add) {
        constexpr std::int64_t kMost = std::numeric_limits<std::int64_t>::max();
        add("PT-19 negative offset", withTensor([](auto& t) { t.offset = -1; }), "PT-19", "tensor \"w\"");
        add("PT-19 negative size", withTensor([](auto& t) { t.shape = {-2, 3}; }), "PT-19", "negative");
        add("PT-19 negative stride", withTensor([](auto& t) { t.strides = {-3, 1}; }), "PT-19", "negative");
        add("PT-19 sizes overflow", withTensor([](auto& t) {
                t.shape = {kMost, kMost};
            }),
            "PT-19", "counted");
        add("PT-20 offset", withTensor([](auto& t) { t.offset = 1; }), "PT-20", "ends at element 7");
        add("PT-20 size", withTensor([](auto& t) { t.shape = {3, 3}; }), "PT-20", "which has 6");
        add("PT-20 offset at the end of numbers", withTensor([](auto& t) { t.offset = kMost; }), "PT-20",
            "ends at");
        add("PT-21 stride 0", withTensor([](auto& t) { t.strides = {0, 1}; }), "PT-21", "[0, 1]");
        add("PT-21 rows overlap", withTensor([](auto& t) { t.strides = {1, 1}; }), "PT-21", "[1, 1]");
        add("PT-21 turned", withTensor([](auto& t) { t.strides = {1, 2}; }), "PT-21", "[1, 2]");
        add("PT-22 strides missing", withTensor([](auto& t) { t.strides = {1}; }), "PT-22",
            "2 dimensions and 1");
        add("PT-22 rank 9", withTensor([](auto& t) {
                t.shape.assign(9, 1);
                t.strides.assign(9, 1);
            }),
            "PT-22", "9 dimensions");
    }

    template <typename Add>
    static void addContainers(const Add& add, const std::string& tensor) {
        const std::string pickle = pickled(dictOp(tensor));
        const std::string floats(24, 'x');
        add("PT-24 packed storage",
            ZipBytes({storedMember("a/data.pkl", pickle), packedMember("a/data/0", floats)}).bytes(), "PT-24",
            "is packed");
        add("PT-24 packed pickle",
            ZipBytes({packedMember("a/data.pkl", pickle), storedMember("a/data/0", floats)}).bytes(), "PT-24",
            "is packed");
        ZipMember wrongCrc = storedMember("a/data/0", floats);
        wrongCrc.crc ^= 1;
        add("PT-27", ZipBytes({storedMember("a/data.pkl", pickle), wrongCrc}).bytes(), "ZIP-01", "CRC-32");
        add("PT-28 other case", torchFile(pickle, {storedMember("a/DATA.PKL", pickle)}), "PT-28", "DATA.PKL");
        add("PT-28 two folders", torchFile(pickle, {storedMember("b/data.pkl", pickle)}), "PT-28",
            "b/data.pkl");
        add("PT-28 twice", torchFile(pickle, {storedMember("a/data.pkl", pickle)}), "ZIP-02", "data.pkl");
        add("PT-28 beside the folder", torchFile(pickle, {storedMember("code.py", "x")}), "PT-28", "outside");
        add("PT-28 none", ZipBytes({storedMember("a/data.txt", "x")}).bytes(), "PT-28", "without a data.pkl");
        add("PT-34 constants", torchFile(pickle, {storedMember("a/constants.pkl", "x")}), "PT-34",
            "TorchScript");
        add("PT-34 code", torchFile(pickle, {storedMember("a/code/m.py", "x")}), "PT-34", "TorchScript");
        add("PT-35", torchFile(pickle, {storedMember("a/byteorder", "big")}), "PT-35", "\"big\"");
        add("PT-35 long", torchFile(pickle, {storedMember("a/byteorder", std::string(99, 'b'))}), "PT-10",
            "99");
        add("PT-36 old", readBytes(fixture("torch/old.pth")), "PT-36", "before version 1.6");
        add("PT-36 tar", std::string(257, 'x') + "ustar" + std::string(600, 'x'), "PT-36",
            "before version 1.6");
        const std::string whole = torchFile(pickle);
        add("PT-38 cut", whole.substr(0, whole.size() / 2), "ZIP-01", "x.pth");
        add("a turned tensor of torch", readBytes(fixture("torch/turned.pth")), "PT-21", "[1, 3]");
    }
};

QTEST_GUILESS_MAIN(TestTorchReader)
#include "test_torch_reader.moc"
