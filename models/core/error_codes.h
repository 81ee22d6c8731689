// The table of every error code in the program, grouped by the folder that raises it. Any thread.
//
// A code is stable: scripts compare it. Add rows, never renumber. The class decides the exit code.
#pragma once

#include "core/error.h"

namespace llamahome::codes {

// core: files, JSON, cancel
inline constexpr ErrorCode kCancelled{"RUN-00", ErrorClass::Interrupted};
inline constexpr ErrorCode kInternal{"INT-01", ErrorClass::Failed};
inline constexpr ErrorCode kFileNotFound{"FILE-01", ErrorClass::NotFound};
inline constexpr ErrorCode kFilePermission{"FILE-02", ErrorClass::Refused};
inline constexpr ErrorCode kDiskFull{"FILE-03", ErrorClass::Refused};
inline constexpr ErrorCode kFileRead{"FILE-04", ErrorClass::Failed};
inline constexpr ErrorCode kFileWrite{"FILE-05", ErrorClass::Failed};
inline constexpr ErrorCode kFileExists{"FILE-06", ErrorClass::Refused};
inline constexpr ErrorCode kFileTooLarge{"FILE-07", ErrorClass::Failed};
inline constexpr ErrorCode kNotAFile{"FILE-08", ErrorClass::Failed};
inline constexpr ErrorCode kHashMismatch{"FILE-09", ErrorClass::Failed};
inline constexpr ErrorCode kJsonSyntax{"JSON-01", ErrorClass::Failed};
inline constexpr ErrorCode kJsonLimit{"JSON-02", ErrorClass::Failed};
inline constexpr ErrorCode kJsonShape{"JSON-03", ErrorClass::Failed};

// config
inline constexpr ErrorCode kYamlSyntax{"CFG-01", ErrorClass::Usage};
inline constexpr ErrorCode kYamlLimit{"CFG-02", ErrorClass::Usage};
inline constexpr ErrorCode kYamlRefused{"CFG-03", ErrorClass::Usage};
inline constexpr ErrorCode kYamlEncoding{"CFG-04", ErrorClass::Usage};
inline constexpr ErrorCode kSettingTwice{"CFG-05", ErrorClass::Usage};
inline constexpr ErrorCode kSettingUnknown{"CFG-06", ErrorClass::Usage};
inline constexpr ErrorCode kSettingKind{"CFG-07", ErrorClass::Usage};
inline constexpr ErrorCode kSettingRange{"CFG-08", ErrorClass::Usage};
inline constexpr ErrorCode kSettingNotYet{"CFG-09", ErrorClass::Usage};
inline constexpr ErrorCode kSettingsContradict{"CFG-10", ErrorClass::Usage};
inline constexpr ErrorCode kSettingSecret{"CFG-11", ErrorClass::Usage};
inline constexpr ErrorCode kSettingsSchema{"CFG-12", ErrorClass::Usage};
inline constexpr ErrorCode kEnvironmentValue{"CFG-13", ErrorClass::Usage};
inline constexpr ErrorCode kPresetUnknown{"CFG-14", ErrorClass::NotFound};
inline constexpr ErrorCode kCatalogShape{"CAT-01", ErrorClass::Usage};
inline constexpr ErrorCode kFamilyUnknown{"CAT-02", ErrorClass::NotFound};
inline constexpr ErrorCode kVersionUnknown{"CAT-03", ErrorClass::NotFound};
inline constexpr ErrorCode kLogOpen{"LOG-01", ErrorClass::Refused};

// formats
inline constexpr ErrorCode kLfsPointer{"IM-1", ErrorClass::Failed};
inline constexpr ErrorCode kWebPage{"IM-2", ErrorClass::Failed};
inline constexpr ErrorCode kServerMessage{"IM-3", ErrorClass::Failed};
inline constexpr ErrorCode kEmptyFile{"IM-4", ErrorClass::Failed};
inline constexpr ErrorCode kNeverFilled{"IM-5", ErrorClass::Failed};
inline constexpr ErrorCode kOtherFormat{"IM-6", ErrorClass::Failed};
inline constexpr ErrorCode kStTooShort{"ST-01", ErrorClass::Failed};
inline constexpr ErrorCode kStHeaderLengthSmall{"ST-02", ErrorClass::Failed};
inline constexpr ErrorCode kStHeaderLengthLarge{"ST-03", ErrorClass::Failed};
inline constexpr ErrorCode kStHeaderLengthWraps{"ST-04", ErrorClass::Failed};
inline constexpr ErrorCode kStHeaderCut{"ST-05", ErrorClass::Failed};
inline constexpr ErrorCode kStHeaderStart{"ST-06", ErrorClass::Failed};
inline constexpr ErrorCode kStHeaderUtf8{"ST-07", ErrorClass::Failed};
inline constexpr ErrorCode kStHeaderJson{"ST-08", ErrorClass::Failed};
inline constexpr ErrorCode kStHeaderTail{"ST-09", ErrorClass::Failed};
inline constexpr ErrorCode kStHeaderDepth{"ST-10", ErrorClass::Failed};
inline constexpr ErrorCode kStHeaderNotObject{"ST-11", ErrorClass::Failed};
inline constexpr ErrorCode kStMetadata{"ST-12", ErrorClass::Failed};
inline constexpr ErrorCode kStTensorTwice{"ST-13", ErrorClass::Failed};
inline constexpr ErrorCode kStFieldTwice{"ST-14", ErrorClass::Failed};
inline constexpr ErrorCode kStFieldMissing{"ST-15", ErrorClass::Failed};
inline constexpr ErrorCode kStFieldUnknown{"ST-16", ErrorClass::Failed};
inline constexpr ErrorCode kStTypeUnknown{"ST-17", ErrorClass::Failed};
inline constexpr ErrorCode kStTypeUnsupported{"ST-18", ErrorClass::Failed};
inline constexpr ErrorCode kStDimension{"ST-19", ErrorClass::Failed};
inline constexpr ErrorCode kStDimensionLarge{"ST-20", ErrorClass::Failed};
inline constexpr ErrorCode kStSizeOverflow{"ST-21", ErrorClass::Failed};
inline constexpr ErrorCode kStZeroAndOverflow{"ST-22", ErrorClass::Failed};
inline constexpr ErrorCode kStRank{"ST-23", ErrorClass::Failed};
inline constexpr ErrorCode kStOffsets{"ST-24", ErrorClass::Failed};
inline constexpr ErrorCode kStOffsetsReversed{"ST-25", ErrorClass::Failed};
inline constexpr ErrorCode kStSizeMismatch{"ST-26", ErrorClass::Failed};
inline constexpr ErrorCode kStBeyondFile{"ST-27", ErrorClass::Failed};
inline constexpr ErrorCode kStHoleAtStart{"ST-28", ErrorClass::Failed};
inline constexpr ErrorCode kStHole{"ST-29", ErrorClass::Failed};
inline constexpr ErrorCode kStOverlap{"ST-30", ErrorClass::Failed};
inline constexpr ErrorCode kStTrailingBytes{"ST-31", ErrorClass::Failed};
inline constexpr ErrorCode kStSubByte{"ST-32", ErrorClass::Failed};
inline constexpr ErrorCode kStTooManyTensors{"ST-33", ErrorClass::Failed};
inline constexpr ErrorCode kStName{"ST-35", ErrorClass::Failed};
inline constexpr ErrorCode kStNoTensors{"ST-36", ErrorClass::Failed};
inline constexpr ErrorCode kIndexFileName{"ST-37", ErrorClass::Failed};
inline constexpr ErrorCode kIndexShards{"ST-38", ErrorClass::Failed};
inline constexpr ErrorCode kFileChanged{"ST-40", ErrorClass::Failed};
inline constexpr ErrorCode kTensorShape{"ST-41", ErrorClass::Failed};
inline constexpr ErrorCode kTensorSet{"ST-42", ErrorClass::Failed};
inline constexpr ErrorCode kAdapterTensors{"ST-43", ErrorClass::Failed};
inline constexpr ErrorCode kNonFiniteWeights{"ST-44", ErrorClass::Failed};
inline constexpr ErrorCode kWriterPlan{"ST-50", ErrorClass::Failed};
inline constexpr ErrorCode kModelWeightsMissing{"ST-51", ErrorClass::NotFound};
inline constexpr ErrorCode kModelConfigValue{"ARCH-01", ErrorClass::Failed};
inline constexpr ErrorCode kModelUnsupported{"ARCH-02", ErrorClass::Failed};
inline constexpr ErrorCode kAdapterConfigValue{"PEFT-01", ErrorClass::Failed};
inline constexpr ErrorCode kAdapterUnsupported{"PEFT-02", ErrorClass::Failed};
inline constexpr ErrorCode kGgufMagic{"GG-01", ErrorClass::Failed};
inline constexpr ErrorCode kGgufVersion{"GG-02", ErrorClass::Failed};
inline constexpr ErrorCode kGgufCount{"GG-03", ErrorClass::Failed};
inline constexpr ErrorCode kGgufCut{"GG-04", ErrorClass::Failed};
inline constexpr ErrorCode kGgufKey{"GG-05", ErrorClass::Failed};
inline constexpr ErrorCode kGgufValueType{"GG-06", ErrorClass::Failed};
inline constexpr ErrorCode kGgufLength{"GG-07", ErrorClass::Failed};
inline constexpr ErrorCode kGgufBool{"GG-08", ErrorClass::Failed};
inline constexpr ErrorCode kGgufAlignment{"GG-09", ErrorClass::Failed};
inline constexpr ErrorCode kGgufTensorName{"GG-10", ErrorClass::Failed};
inline constexpr ErrorCode kGgufDimensions{"GG-11", ErrorClass::Failed};
inline constexpr ErrorCode kGgufRow{"GG-12", ErrorClass::Failed};
inline constexpr ErrorCode kGgufBlockType{"GG-13", ErrorClass::Failed};
inline constexpr ErrorCode kGgufOffset{"GG-14", ErrorClass::Failed};
inline constexpr ErrorCode kGgufBeyondFile{"GG-15", ErrorClass::Failed};
inline constexpr ErrorCode kGgufMetadata{"GG-16", ErrorClass::Failed};
inline constexpr ErrorCode kGgufUnsupported{"GG-17", ErrorClass::Failed};
inline constexpr ErrorCode kGgufTokenizer{"GG-18", ErrorClass::Failed};
inline constexpr ErrorCode kGgufTensors{"GG-19", ErrorClass::Failed};
inline constexpr ErrorCode kZipDamaged{"ZIP-01", ErrorClass::Failed};
inline constexpr ErrorCode kZipUnsupported{"ZIP-02", ErrorClass::Failed};
inline constexpr ErrorCode kPickleHostile{"PT-01", ErrorClass::Failed};
inline constexpr ErrorCode kPickleGlobal{"PT-02", ErrorClass::Failed};
inline constexpr ErrorCode kPickleComputedName{"PT-03", ErrorClass::Failed};
inline constexpr ErrorCode kPickleOpcode{"PT-04", ErrorClass::Failed};
inline constexpr ErrorCode kPickleCall{"PT-05", ErrorClass::Failed};
inline constexpr ErrorCode kPickleItems{"PT-06", ErrorClass::Failed};
inline constexpr ErrorCode kPickleDamaged{"PT-07", ErrorClass::Failed};
inline constexpr ErrorCode kPickleBudget{"PT-08", ErrorClass::Failed};
inline constexpr ErrorCode kPickleCycle{"PT-09", ErrorClass::Failed};
inline constexpr ErrorCode kPickleLength{"PT-10", ErrorClass::Failed};
inline constexpr ErrorCode kPickleEnd{"PT-11", ErrorClass::Failed};
inline constexpr ErrorCode kPickleDepth{"PT-13", ErrorClass::Failed};
inline constexpr ErrorCode kStateDict{"PT-14", ErrorClass::Failed};
inline constexpr ErrorCode kStorageId{"PT-15", ErrorClass::Failed};
inline constexpr ErrorCode kStorageKey{"PT-16", ErrorClass::Failed};
inline constexpr ErrorCode kStorageMissing{"PT-17", ErrorClass::Failed};
inline constexpr ErrorCode kStorageSize{"PT-18", ErrorClass::Failed};
inline constexpr ErrorCode kPickledTensor{"PT-19", ErrorClass::Failed};
inline constexpr ErrorCode kPickledTensorBeyond{"PT-20", ErrorClass::Failed};
inline constexpr ErrorCode kPickledTensorStrides{"PT-21", ErrorClass::Failed};
inline constexpr ErrorCode kPickledTensorRank{"PT-22", ErrorClass::Failed};
inline constexpr ErrorCode kStorageTypes{"PT-23", ErrorClass::Failed};
inline constexpr ErrorCode kTorchPacked{"PT-24", ErrorClass::Failed};
inline constexpr ErrorCode kTorchMembers{"PT-28", ErrorClass::Failed};
inline constexpr ErrorCode kTorchScript{"PT-34", ErrorClass::Failed};
inline constexpr ErrorCode kTorchByteOrder{"PT-35", ErrorClass::Failed};
inline constexpr ErrorCode kTorchOldFormat{"PT-36", ErrorClass::Failed};
inline constexpr ErrorCode kShardSet{"PT-37", ErrorClass::Failed};
inline constexpr ErrorCode kMetaParams{"META-01", ErrorClass::Failed};
inline constexpr ErrorCode kMetaChecklist{"META-02", ErrorClass::Failed};
inline constexpr ErrorCode kMetaTensors{"META-03", ErrorClass::Failed};

// text: the numbers are those of the bad inputs in the reliability study
inline constexpr ErrorCode kTokenizerShape{"TK-01", ErrorClass::Failed};
inline constexpr ErrorCode kTokenizerLimit{"TK-02", ErrorClass::Failed};
inline constexpr ErrorCode kTokenDuplicateId{"TK-03", ErrorClass::Failed};
inline constexpr ErrorCode kTokenTwice{"TK-04", ErrorClass::Failed};
inline constexpr ErrorCode kTokenId{"TK-05", ErrorClass::Failed};
inline constexpr ErrorCode kMergeUnknown{"TK-06", ErrorClass::Failed};
inline constexpr ErrorCode kMergeShape{"TK-07", ErrorClass::Failed};
inline constexpr ErrorCode kMergeTwice{"TK-08", ErrorClass::Failed};
inline constexpr ErrorCode kAddedToken{"TK-09", ErrorClass::Failed};
inline constexpr ErrorCode kSpecialToken{"TK-10", ErrorClass::Failed};
inline constexpr ErrorCode kTokenizerPattern{"TK-11", ErrorClass::Failed};
inline constexpr ErrorCode kTokenizerKind{"TK-12", ErrorClass::Failed};
inline constexpr ErrorCode kRankTable{"TK-13", ErrorClass::Failed};
inline constexpr ErrorCode kPostProcessor{"TK-14", ErrorClass::Failed};
inline constexpr ErrorCode kNoSuchToken{"TK-29", ErrorClass::Usage};
inline constexpr ErrorCode kTemplateUnknown{"TPL-01", ErrorClass::Usage};
inline constexpr ErrorCode kTemplateMessages{"TPL-02", ErrorClass::Failed};
inline constexpr ErrorCode kDataJson{"DATA-01", ErrorClass::Failed};
inline constexpr ErrorCode kDataCutShort{"DATA-02", ErrorClass::Failed};
inline constexpr ErrorCode kDataEmpty{"DATA-03", ErrorClass::Failed};
inline constexpr ErrorCode kDataArrayTooLarge{"DATA-04", ErrorClass::Failed};
inline constexpr ErrorCode kDataSpreadJson{"DATA-05", ErrorClass::Failed};
inline constexpr ErrorCode kDataEncoding{"DATA-07", ErrorClass::Failed};
inline constexpr ErrorCode kDataRowTooLong{"DATA-08", ErrorClass::Failed};
inline constexpr ErrorCode kDataJsonLimit{"DATA-09", ErrorClass::Failed};
inline constexpr ErrorCode kDataField{"DATA-12", ErrorClass::Failed};
inline constexpr ErrorCode kDataTurn{"DATA-13", ErrorClass::Failed};
inline constexpr ErrorCode kDataMixedShapes{"DATA-14", ErrorClass::Failed};
inline constexpr ErrorCode kDataKind{"DATA-19", ErrorClass::Failed};
inline constexpr ErrorCode kDataChanged{"DATA-20", ErrorClass::Failed};
inline constexpr ErrorCode kDataTableHeader{"DATA-31", ErrorClass::Failed};
inline constexpr ErrorCode kDataTableRow{"DATA-32", ErrorClass::Failed};
inline constexpr ErrorCode kDataParquet{"DATA-40", ErrorClass::Failed};
inline constexpr ErrorCode kDataMap{"DATA-50", ErrorClass::Usage};

// network and download
inline constexpr ErrorCode kNetworkMissing{"NET-01", ErrorClass::Failed};
inline constexpr ErrorCode kNetworkFailure{"NET-02", ErrorClass::Failed};
inline constexpr ErrorCode kNetworkTls{"NET-03", ErrorClass::Failed};
inline constexpr ErrorCode kNetworkStalled{"NET-04", ErrorClass::Failed};
inline constexpr ErrorCode kHttpStatus{"NET-05", ErrorClass::Failed};
inline constexpr ErrorCode kHttpRedirect{"NET-06", ErrorClass::Failed};
inline constexpr ErrorCode kHttpBody{"NET-07", ErrorClass::Failed};
inline constexpr ErrorCode kAddressRefused{"NET-08", ErrorClass::Usage};
inline constexpr ErrorCode kIndexAnswer{"DL-01", ErrorClass::Failed};
inline constexpr ErrorCode kDownloadBusy{"DL-02", ErrorClass::Refused};
inline constexpr ErrorCode kRemoteName{"DL-03", ErrorClass::Failed};
inline constexpr ErrorCode kListing{"DL-04", ErrorClass::Failed};
inline constexpr ErrorCode kNothingUsable{"DL-05", ErrorClass::Failed};
inline constexpr ErrorCode kDownloadSource{"DL-06", ErrorClass::Usage};
inline constexpr ErrorCode kChecksumList{"DL-07", ErrorClass::Failed};
inline constexpr ErrorCode kMetaLink{"DL-08", ErrorClass::Usage};
inline constexpr ErrorCode kMetaLinkExpired{"DL-09", ErrorClass::Refused};
inline constexpr ErrorCode kHubNotFound{"HUB-01", ErrorClass::NotFound};
inline constexpr ErrorCode kHubGated{"HUB-02", ErrorClass::Refused};
inline constexpr ErrorCode kHubToken{"HUB-03", ErrorClass::Refused};
inline constexpr ErrorCode kHubRevision{"HUB-04", ErrorClass::NotFound};
inline constexpr ErrorCode kHubEntry{"HUB-05", ErrorClass::NotFound};
inline constexpr ErrorCode kHubDisabled{"HUB-06", ErrorClass::Failed};
inline constexpr ErrorCode kNotTheHub{"HUB-07", ErrorClass::Failed};

// llama (engine)
inline constexpr ErrorCode kEngineMissing{"ENG-01", ErrorClass::Failed};
inline constexpr ErrorCode kCpuTooOld{"ENG-02", ErrorClass::Refused};
inline constexpr ErrorCode kEngineFailure{"ENG-03", ErrorClass::Failed};
inline constexpr ErrorCode kOutOfMemory{"ENG-04", ErrorClass::Refused};
inline constexpr ErrorCode kModelTensors{"LOAD-01", ErrorClass::Failed};
inline constexpr ErrorCode kLoraTarget{"LORA-01", ErrorClass::Usage};
inline constexpr ErrorCode kLoraRank{"LORA-02", ErrorClass::Usage};
inline constexpr ErrorCode kLoraShape{"LORA-03", ErrorClass::Failed};
inline constexpr ErrorCode kNonFiniteLoss{"TRAIN-01", ErrorClass::Failed};
inline constexpr ErrorCode kNoTrainingRows{"TRAIN-02", ErrorClass::Failed};
inline constexpr ErrorCode kResumeMismatch{"TRAIN-03", ErrorClass::Failed};
inline constexpr ErrorCode kContextFull{"GEN-01", ErrorClass::Usage};
inline constexpr ErrorCode kBadToken{"GEN-02", ErrorClass::Usage};
inline constexpr ErrorCode kNonFiniteScores{"GEN-03", ErrorClass::Failed};

// jobs: the library of models
inline constexpr ErrorCode kRootUnknown{"ROOT-01", ErrorClass::Refused};
inline constexpr ErrorCode kRootNoFolder{"ROOT-02", ErrorClass::Refused};
inline constexpr ErrorCode kRootLocked{"ROOT-03", ErrorClass::Refused};
inline constexpr ErrorCode kShippedFiles{"ROOT-04", ErrorClass::Failed};
inline constexpr ErrorCode kManifestShape{"LIB-01", ErrorClass::Failed};
inline constexpr ErrorCode kManifestSchema{"LIB-02", ErrorClass::Failed};
inline constexpr ErrorCode kModelNotInstalled{"LIB-03", ErrorClass::NotFound};
inline constexpr ErrorCode kModelDamaged{"LIB-04", ErrorClass::Failed};
inline constexpr ErrorCode kModelTooLarge{"LIB-05", ErrorClass::Refused};
inline constexpr ErrorCode kAdapterNotFound{"LIB-06", ErrorClass::NotFound};
inline constexpr ErrorCode kAdapterScale{"LIB-07", ErrorClass::Usage};
inline constexpr ErrorCode kModelWords{"LIB-08", ErrorClass::Usage};
inline constexpr ErrorCode kModelOffline{"LIB-09", ErrorClass::Refused};
inline constexpr ErrorCode kImportSource{"IMP-01", ErrorClass::Failed};
inline constexpr ErrorCode kImportExists{"IMP-03", ErrorClass::Refused};
inline constexpr ErrorCode kImportName{"IMP-04", ErrorClass::Usage};
inline constexpr ErrorCode kVerifyMissing{"VER-01", ErrorClass::Failed};
inline constexpr ErrorCode kVerifySize{"VER-02", ErrorClass::Failed};
inline constexpr ErrorCode kVerifyTokenizer{"VER-03", ErrorClass::Failed};
inline constexpr ErrorCode kVerifySpecialToken{"VER-04", ErrorClass::Failed};
inline constexpr ErrorCode kVerifyLicence{"VER-06", ErrorClass::Failed};
inline constexpr ErrorCode kRemoveRefused{"RM-01", ErrorClass::Refused};
inline constexpr ErrorCode kExportExists{"EXP-01", ErrorClass::Refused};
inline constexpr ErrorCode kExportKind{"EXP-02", ErrorClass::Usage};
inline constexpr ErrorCode kExportCheck{"EXP-03", ErrorClass::Failed};
inline constexpr ErrorCode kMergeRefused{"EXP-04", ErrorClass::Failed};

// jobs: training runs
inline constexpr ErrorCode kRunUnknown{"RUN-01", ErrorClass::NotFound};
inline constexpr ErrorCode kRunName{"RUN-02", ErrorClass::Usage};
inline constexpr ErrorCode kRunExists{"RUN-03", ErrorClass::Refused};
inline constexpr ErrorCode kRunDamaged{"RUN-04", ErrorClass::Failed};
inline constexpr ErrorCode kRunSchema{"RUN-05", ErrorClass::Failed};
inline constexpr ErrorCode kRunActive{"RUN-06", ErrorClass::Refused};
inline constexpr ErrorCode kRunComplete{"RUN-07", ErrorClass::Refused};
inline constexpr ErrorCode kRunChanged{"RUN-08", ErrorClass::Refused};
inline constexpr ErrorCode kCheckpointDamaged{"CKPT-01", ErrorClass::Failed};
inline constexpr ErrorCode kNoCheckpoint{"CKPT-02", ErrorClass::Failed};
inline constexpr ErrorCode kNotEnoughMemory{"FIT-01", ErrorClass::Refused};
inline constexpr ErrorCode kNotEnoughDisk{"FIT-02", ErrorClass::Refused};

// jobs: the CUDA component
inline constexpr ErrorCode kNoGraphicsCard{"CUDA-01", ErrorClass::Refused};
inline constexpr ErrorCode kDriverTooOld{"CUDA-02", ErrorClass::Refused};
inline constexpr ErrorCode kComponentDamaged{"CUDA-03", ErrorClass::Failed};

// jobs: conversations
inline constexpr ErrorCode kChatDamaged{"CHAT-01", ErrorClass::Failed};
inline constexpr ErrorCode kChatSchema{"CHAT-02", ErrorClass::Failed};

// app
inline constexpr ErrorCode kUsage{"CLI-01", ErrorClass::Usage};
inline constexpr ErrorCode kNotYet{"CLI-02", ErrorClass::Failed};
inline constexpr ErrorCode kNotConfirmed{"CLI-03", ErrorClass::Interrupted};
inline constexpr ErrorCode kNoPrompt{"CLI-04", ErrorClass::Failed};
inline constexpr ErrorCode kNoDevice{"CLI-05", ErrorClass::Refused};
inline constexpr ErrorCode kMachineProblem{"CLI-06", ErrorClass::Failed};
inline constexpr ErrorCode kNoDisplay{"WIN-01", ErrorClass::Refused};
inline constexpr ErrorCode kWindowMissing{"WIN-02", ErrorClass::Failed};
inline constexpr ErrorCode kWindowSilent{"WIN-03", ErrorClass::Refused};

} // namespace llamahome::codes
